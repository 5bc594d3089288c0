"""The least an HTTP client can do: one request at a time on a connection that stays open, and its answer's body read.

What a client library takes of a request is the client's; what is to be measured is the server.
"""

from __future__ import annotations

import asyncio
from typing import Self


class KeptOpen:
    """Connections to one server; each request takes one that is free, or opens one. Close it when done."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        """``headers``: sent with every request."""
        self._port = port
        self._head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.again = 0
        """Requests sent anew, since the server closed an idle connection just then (RFC 9112, 9.3.1)."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for opened in self._free:
            opened[1].close()

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Send JSON; return the answer's status and body."""
        about = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return await self._ask(f"POST {path} HTTP/1.1\r\n{about}", body)

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return the status and body of what is there. Asked again, once, on a connection closed for being idle."""
        first = f"GET {path} HTTP/1.1\r\n"
        waited = len(self._free)
        try:
            return await self._ask(first, b"")
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            begun = isinstance(error, asyncio.IncompleteReadError) and error.partial
            if not waited or begun:
                raise
            self.again += 1
            return await self._ask(first, b"")

    async def _ask(self, first: str, body: bytes) -> tuple[int, bytes]:
        reader, writer = await self._take()
        writer.write(f"{first}Host: 127.0.0.1\r\n{self._head}\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        told = await reader.readexactly(length)
        self._free.append((reader, writer))
        return int(head.split(" ", 2)[1]), told

    async def _take(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection that is free and that the server has not closed for having been idle, or a new one."""
        while self._free:
            reader, writer = self._free.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)
