"""The service's end of the executor: one connection a request, answers as values."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Mapping
from pathlib import Path
from typing import Any, Final

from headgate.executor.asking import LONG, Asking, at, read
from headgate.executor.connection import Connection, connected, readable
from headgate.executor.interface import FileInfo, How, LocalFile, Packed, Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.telemetry.spans import span

DEFAULT_SOCKET: Final = Path("/run/headgate-executor.sock")
_PIECE: Final = 256 * 1024
_NOTHING: Final[Mapping[str, object]] = {}


class ExecutorClient(Asking):
    """Does things as users through the root helper; an `Actor`.

    ``patience`` bounds quick requests, ``long_patience`` archives and removals, in seconds; both should be longer than
    the executor's own times, whose answers say more.
    """

    def __init__(self, path: Path = DEFAULT_SOCKET, *, patience: float = 90, long_patience: float = 3900) -> None:
        self._path = path
        self._patience = patience
        self._long_patience = long_patience

    async def open_read(self, user: str, place: Place) -> LocalFile:
        """Open a regular file for reading; it is a descriptor of this process."""
        return await self._open("open-read", user, {**at(place)})

    async def open_write(
        self, user: str, place: Place, *, how: How = "create", mode: int = 0o666, parents: bool = False
    ) -> LocalFile:
        """Open a regular file for writing; it is a descriptor of this process."""
        return await self._open("open-write", user, {**at(place), "how": how, "mode": mode, "parents": parents})

    @contextlib.asynccontextmanager
    async def archive(self, user: str, place: Place) -> AsyncIterator[ArchiveStream]:
        """Make a zip file of a directory while it is read."""
        async with self._connected(self._long_patience) as connection:
            await connection.send({"verb": "archive", "user": user, **at(place)})
            _, descriptor = await connection.receive()
            if descriptor is None:
                raise ExecutorError("the executor handed over no archive")
            stream = ArchiveStream(descriptor, connection)
            try:
                yield stream
            finally:
                os.close(descriptor)

    def _connected(self, patience: float) -> contextlib.AbstractAsyncContextManager[Connection]:
        return connected(self._path, patience)

    async def _exchange(self, verb: str, user: str, fields: Mapping[str, object]) -> tuple[dict[str, Any], int | None]:
        with span(f"executor {verb}", "client"):
            async with self._connected(self._long_patience if verb in LONG else self._patience) as connection:
                await connection.send({"verb": verb, "user": user, **fields})
                return await connection.receive()

    async def _ask(self, verb: str, user: str, fields: Mapping[str, object] = _NOTHING) -> dict[str, Any]:
        answer, descriptor = await self._exchange(verb, user, fields)
        _unexpected(descriptor)
        return answer

    async def _submit(
        self, user: str, fields: Mapping[str, object], script: bytes, when: Awaitable[object] | None
    ) -> dict[str, Any]:
        with span("executor submit", "client"):
            async with self._connected(self._patience) as connection:
                await connection.send_with({"verb": "submit", "user": user, **fields}, script)
                if when is not None:
                    await asyncio.shield(when)
                await connection.send_end()
                answer, descriptor = await connection.receive()
        _unexpected(descriptor)
        return answer

    async def _open(self, verb: str, user: str, fields: Mapping[str, object]) -> LocalFile:
        answer, descriptor = await self._exchange(verb, user, fields)
        if descriptor is None:
            raise ExecutorError("the executor handed over no file")
        try:
            return LocalFile(descriptor, read(FileInfo, answer))
        except ExecutorError:
            os.close(descriptor)
            raise


class ArchiveStream:
    """A zip file that is being made; an `Archive`."""

    def __init__(self, descriptor: int, connection: Connection) -> None:
        self._descriptor = descriptor
        self._connection = connection
        self._result: Packed | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        os.set_blocking(self._descriptor, False)
        while piece := await self._piece():
            yield piece
        answer, unexpected = await self._connection.receive()
        _unexpected(unexpected)
        self._result = read(Packed, answer)

    async def _piece(self) -> bytes:
        while True:
            with contextlib.suppress(BlockingIOError):
                return os.read(self._descriptor, _PIECE)
            await readable(self._descriptor)

    @property
    def result(self) -> Packed:
        """What is in it; only after the last piece."""
        if self._result is None:
            raise RefusedError("request", "the archive was not read to its end")
        return self._result


def _unexpected(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
