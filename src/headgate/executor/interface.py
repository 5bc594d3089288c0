"""What can be done as a user, whichever way: by the root helper, as oneself, by SSH."""

from __future__ import annotations

import abc
import asyncio
import errno
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from headgate.executor.refusal import RefusedError

_T = TypeVar("_T")
Option = str | int | bool
How = Literal["create", "replace", "append", "resume"]


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Identity(_Result):
    """Who one is on the other side."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str = ""
    """The home directory."""


class Submitted(_Result):
    """A job that Slurm took. ``message`` is what sbatch said besides."""

    job: str = Field(pattern=r"^[0-9]{1,10}$")
    message: str


class Done(_Result):
    """Slurm did it. ``message`` is what the command said, mostly nothing."""

    message: str


class FileInfo(_Result):
    """One file. ``named`` is false if its name is no UTF-8: then ``name`` shows it and cannot be asked for."""

    name: str
    named: bool
    kind: Literal["file", "directory", "link", "other"]
    size: int
    mode: int
    uid: int
    gid: int
    modified_ns: int
    inode: int


class Listing(_Result):
    """A part of a directory, by name. If there is ``more``, ask again with ``after`` the last name."""

    entries: tuple[FileInfo, ...]
    more: bool


class Packed(_Result):
    """What went into or came out of an archive. ``skipped``: links, pipes and what the user cannot read."""

    entries: int
    bytes: int
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A path below a root. Neither may hold ``..``; no component below the configured root may be a symbolic link."""

    root: str
    path: str = ""


class OpenFile(abc.ABC):
    """A file that was opened as the user. Whoever holds it closes it: use it in an ``async with`` statement."""

    info: FileInfo

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @abc.abstractmethod
    async def read(self, size: int, offset: int) -> bytes:
        """Return at most ``size`` bytes from ``offset`` on; none at the end. Raises RefusedError, ExecutorError."""

    @abc.abstractmethod
    async def write(self, data: bytes, offset: int) -> None:
        """Write all these bytes at ``offset``. Raises RefusedError, ExecutorError."""

    @abc.abstractmethod
    async def size(self) -> int:
        """Return how many bytes the file has now. Raises RefusedError, ExecutorError."""

    @abc.abstractmethod
    async def aclose(self) -> None:
        """Close it, once; what was written is handed to the file system then, which may take its time.

        Raises RefusedError, ExecutorError.
        """


@dataclass(slots=True)
class LocalFile(OpenFile):
    """A file that is a descriptor of this process.

    Reading and writing happen in threads: a file system may be slow.
    """

    descriptor: int
    info: FileInfo
    _closed: bool = field(default=False, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def read(self, size: int, offset: int) -> bytes:
        """Return at most ``size`` bytes from ``offset`` on; none at the end. Raises RefusedError."""
        return await _in_thread(os.pread, self.descriptor, size, offset)

    async def write(self, data: bytes, offset: int) -> None:
        """Write all these bytes at ``offset``. Raises RefusedError."""
        await _in_thread(_write_all, self.descriptor, data, offset)

    async def size(self) -> int:
        """Return how many bytes the file has now. Raises RefusedError."""
        return (await _in_thread(os.fstat, self.descriptor)).st_size

    async def aclose(self) -> None:
        """Close it, once. Raises RefusedError."""
        await _in_thread(self.close)

    def detach(self) -> int:
        """Hand the descriptor to somebody else, who closes it."""
        self._closed = True
        return self.descriptor

    def close(self) -> None:
        """Close it, once."""
        if not self._closed:
            self._closed = True
            os.close(self.descriptor)


async def _in_thread(work: Callable[..., _T], *arguments: object) -> _T:
    try:
        return await asyncio.to_thread(work, *arguments)
    except OSError as error:
        word = "full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "system"
        raise RefusedError(word, error.strerror or "the file system failed") from error


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


class Archive(Protocol):
    """A zip file that is being made: read it to its end, then ask how it went."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield it piece by piece; raise RefusedError at the end if it is not whole."""
        ...

    @property
    def result(self) -> Packed:
        """What is in it; only after the last piece."""
        ...


class JobActor(Protocol):
    """Submits and changes jobs as their owner. Every method raises RefusedError and ExecutorError."""

    async def submit(
        self,
        user: str,
        directory: Place,
        script: bytes,
        *,
        options: Mapping[str, Option] | None = None,
        environment: Mapping[str, str] | None = None,
        cluster: str = "",
        save_as: str = "",
        when: Awaitable[object] | None = None,
    ) -> Submitted:
        """Submit a batch script in a directory that exists. ``environment`` are more variables of the job.

        With ``save_as`` the directory is made, for the user only, and the script is kept there under that name.
        ``when``: Slurm is not asked before this is done; if it raises, Slurm is not asked at all, and this raises it.
        Until then everything else may be made ready.
        """
        ...

    async def cancel(self, user: str, job: str, *, cluster: str = "") -> Done:
        """End a job or an array task of this user."""
        ...

    async def hold(self, user: str, job: str, *, cluster: str = "") -> Done:
        """Keep a waiting job from starting."""
        ...

    async def release(self, user: str, job: str, *, cluster: str = "") -> Done:
        """Let a held job start."""
        ...

    async def requeue(self, user: str, job: str, *, cluster: str = "") -> Done:
        """Put a job back into the queue."""
        ...

    async def update(self, user: str, job: str, changes: Mapping[str, Option], *, cluster: str = "") -> Done:
        """Change a job: time limit, partition and what else an owner may."""
        ...


class FileActor(Protocol):
    """Works with a user's files as that user. Every method raises RefusedError and ExecutorError."""

    async def ping(self, user: str) -> Identity:
        """Tell who the user is on the other side."""
        ...

    async def open_read(self, user: str, place: Place) -> OpenFile:
        """Open a regular file for reading."""
        ...

    async def open_write(
        self, user: str, place: Place, *, how: How = "create", mode: int = 0o666, parents: bool = False
    ) -> OpenFile:
        """Open a regular file for writing. ``resume`` opens one that is there and leaves its content.

        ``parents``: make the directories above it, for the user only, where they are missing.
        """
        ...

    async def list(self, user: str, place: Place, *, after: str = "", limit: int = 1000) -> Listing:
        """Tell what is in a directory."""
        ...

    async def stat(self, user: str, place: Place) -> FileInfo:
        """Tell about one file, or about a symbolic link itself."""
        ...

    async def make_directory(self, user: str, place: Place, *, parents: bool = False, mode: int = 0o777) -> None:
        """Make a directory. With ``parents`` it may be there already."""
        ...

    async def rename(self, user: str, place: Place, to: str) -> None:
        """Give a file another path below the same root, replacing what was there."""
        ...

    def archive(self, user: str, place: Place) -> AbstractAsyncContextManager[Archive]:
        """Make a zip file of a directory while it is read."""
        ...

    async def extract(self, user: str, place: Place, into: str) -> Packed:
        """Unpack a zip file that lies at ``place`` into a directory below the same root."""
        ...

    async def prune(self, user: str, place: Place, keep: Sequence[str] = ()) -> int:
        """Remove what is in a directory, but for these names; return how many files and directories went."""
        ...

    async def remove_tree(self, user: str, place: Place) -> int:
        """Remove a file or a directory; return how many files and directories went."""
        ...


class Actor(JobActor, FileActor, Protocol):
    """Does things as a user."""
