"""A wire to PostgreSQL that can be cut without either end being told, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path
from typing import Self

from sqlalchemy import URL

_SOCKET = ".s.PGSQL.5432"


class ThinWire:
    """Passes on what goes between services and the server; use it as an async context manager.

    The server is at a Unix socket, and so is the wire: neither end looks whether the other is there.
    """

    def __init__(self, url: URL) -> None:
        """``url``: of the database, as the server is reached directly."""
        self._directory = tempfile.TemporaryDirectory(prefix="headgate-wire-")
        self._to = Path(str(url.query["host"])) / _SOCKET
        self.url = url.update_query_dict({"host": self._directory.name}).render_as_string(hide_password=False)
        """The database at the other end of the wire."""
        self._forth, self._back = asyncio.Event(), asyncio.Event()
        self._ends: list[asyncio.StreamWriter] = []
        self._passing: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server

    async def __aenter__(self) -> Self:
        self._forth.set()
        self._back.set()
        self._server = await asyncio.start_unix_server(self._connected, Path(self._directory.name) / _SOCKET)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.tear()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)
        self._directory.cleanup()

    def freeze(self, *, answers_only: bool = False) -> None:
        """Pass on nothing more; ``answers_only``: nothing of what the server says."""
        self._back.clear()
        if not answers_only:
            self._forth.clear()

    def tear(self) -> None:
        """End both ends of every connection, as either does when it has looked for the other for long enough."""
        for end in self._ends:
            end.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(self._to)
        self._ends += [writer, server_writer]
        for task in (
            asyncio.create_task(_pass(reader, server_writer, self._forth)),
            asyncio.create_task(_pass(server_reader, writer, self._back)),
        ):
            self._passing.add(task)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passing: asyncio.Event) -> None:
    with contextlib.suppress(ConnectionError):
        while said := await reader.read(65536):
            await passing.wait()
            writer.write(said)
            await writer.drain()
    await passing.wait()
    writer.close()
