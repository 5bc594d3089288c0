"""The sink: an HTTP server on a loopback port that keeps requests and follows a script."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from headgate.testing.http.request import ReceivedRequest, read_request

_ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends RST."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A proper answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class AnswerRaw:
    """These bytes, then the connection is closed; or kept open in silence, with ``stay``."""

    data: bytes
    stay: bool = False


@dataclass(frozen=True, slots=True)
class AnswerForEver:
    """A proper beginning, then a body without end."""

    status: int = 500


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer; the connection stays open until the sink ends or the client goes."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is broken (TCP RST) once the request has been read."""


Behaviour = Answer | AnswerRaw | AnswerForEver | Hang | Reset
Choose = Callable[[ReceivedRequest], Behaviour | None]


class HttpSink:
    """An HTTP server for tests; use it as an async context manager.

    Requests are kept in ``requests``. What to answer is asked of ``choose`` first, if set, then of the script, else it
    is ``default``.
    """

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, default: Behaviour | None = None, host: str = "127.0.0.1"
    ) -> None:
        """``host``: the address it listens on."""
        self.requests: list[ReceivedRequest] = []
        self.connections = 0
        self.choose: Choose | None = None
        self.default = default or Answer(200, {"Content-Type": "application/json"}, b"{}")
        self._tls = tls
        self._host = host
        self._script: deque[Behaviour] = deque()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0

    @property
    def url(self) -> str:
        """The address of its root, without a slash at the end."""
        host = "localhost" if self._host == "127.0.0.1" else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self._port}"

    def script(self, *behaviours: Behaviour) -> None:
        """Queue what to answer next."""
        self._script.extend(behaviours)

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, self._host, 0, ssl=self._tls)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and break what is open."""
        await self.stop()

    async def stop(self) -> None:
        """Refuse connections from now on, and break those that are open. May be called twice."""
        if self._server is None:
            return
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                while (request := await read_request(reader)) is not None:
                    self.requests.append(request)
                    if not await self._answer(request, reader, writer):
                        break
        finally:
            writer.transport.abort()

    async def _answer(
        self, request: ReceivedRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; return whether the connection goes on."""
        chosen = self.choose(request) if self.choose is not None else None
        match chosen or (self._script.popleft() if self._script else self.default):
            case Answer(status, headers, body):
                writer.write(_head(status, {**headers, "Content-Length": str(len(body))}) + body)
                await writer.drain()
                return True
            case AnswerRaw(data, stay):
                writer.write(data)
                await writer.drain()
                if stay:
                    await reader.read()
                else:
                    writer.close()
                    await writer.wait_closed()
            case AnswerForEver(status):
                writer.write(_head(status, {}))
                while True:
                    writer.write(b"x" * 4096)
                    await writer.drain()
            case Hang():
                await reader.read()
            case Reset():
                plain = writer.get_extra_info("socket")
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        return False


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")
