"""Files in jobs' directories, written and read as the build user. No name a job chose is followed as a link."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headgate.config.builds import BuildJobSettings
from headgate.executor.interface import Actor, FileActor, JobActor, Place
from headgate.executor.refusal import RefusedError
from headgate.gateway.ways import Account, Find

_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BuildCluster:
    """One cluster that builds run on. ``name``: its name in Slurm; ``alias``: by what the executor knows it."""

    name: str
    files: FileActor
    jobs: JobActor
    find: Find
    account: Account
    user: str
    root: str
    alias: str = ""


class JobFiles:
    """The files below the root of job directories."""

    def __init__(self, files: Actor | FileActor, user: str) -> None:
        self._files = files
        self._user = user

    async def write(self, place: Place, data: bytes, *, mode: int = 0o644) -> None:
        """Write a file, in place of what was there. Raises RefusedError and ExecutorError."""
        opened = await self._files.open_write(self._user, place, how="replace", mode=mode, parents=True)
        async with opened:
            if data:
                await opened.write(data, 0)

    async def copy(self, source: Path, place: Place, *, mode: int = 0o644) -> None:
        """Write what is in a file of ours. Raises RefusedError, ExecutorError, OSError."""
        opened = await self._files.open_write(self._user, place, how="replace", mode=mode, parents=True)
        async with opened:
            with await asyncio.to_thread(source.open, "rb") as file:
                offset = 0
                while data := await asyncio.to_thread(file.read, _CHUNK):
                    await opened.write(data, offset)
                    offset += len(data)

    async def read(self, place: Place, most: int) -> bytes | None:
        """Return a regular file, up to ``most`` bytes; None if there is none. Raises RefusedError, ExecutorError."""
        try:
            opened = await self._files.open_read(self._user, place)
        except RefusedError as error:
            if error.error == "not-found":
                return None
            raise
        async with opened:
            return await _read(opened.read, 0, most)

    async def end(self, place: Place, most: int) -> tuple[bytes, int] | None:
        """Return the end of a file and where it begins; None if there is none. Raises RefusedError, ExecutorError."""
        try:
            opened = await self._files.open_read(self._user, place)
        except RefusedError as error:
            if error.error == "not-found":
                return None
            raise
        async with opened:
            start = max(await opened.size() - most, 0)
            return await _read(opened.read, start, most), start


async def own_script(settings: BuildJobSettings) -> bytes | None:
    """Return the site's own job script; None if the one shipped is taken. Raises OSError."""
    return None if settings.script is None else await asyncio.to_thread(settings.script.read_bytes)


async def _read(read: Callable[[int, int], Awaitable[bytes]], start: int, most: int) -> bytes:
    data = bytearray()
    while len(data) < most and (piece := await read(min(_CHUNK, most - len(data)), start + len(data))):
        data += piece
    return bytes(data)
