"""The end of a job's output, read as the job's owner: by Headgate itself where it is that user, else by the executor.

What may be read is decided by the kernel, for the owner: a name that a job gives leads nowhere its owner could not go.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol, runtime_checkable

import structlog

from headgate.executor.interface import FileInfo, Identity, Listing, LocalFile, OpenFile, Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.model.mail import MailRequest, MailScope
from headgate.model.message import LogTail
from headgate.notify.logtail import MAX_BYTES, from_whole_line, output_path, read_log_tail, tail_lines

_log = structlog.get_logger(__name__)
_NOT_YOU = "Headgate has no executor here, without which it opens no files of users"
_NO_ROOT = "it lies below no directory in which Headgate may work for users"


class Opens(Protocol):
    """What opens a user's file: an :class:`headgate.executor.interface.Actor`, as far as it matters here."""

    async def ping(self, user: str) -> Identity:
        """Tell who the user is on the other side. Raises RefusedError and ExecutorError."""

    async def open_read(self, user: str, place: Place) -> OpenFile:
        """Open a regular file for reading. Raises RefusedError and ExecutorError."""


@runtime_checkable
class Lists(Protocol):
    """What lists a user's directories: every :class:`headgate.executor.interface.Actor` does."""

    async def list(self, user: str, place: Place, *, after: str = "", limit: int = 1000) -> Listing:
        """Tell what is in a directory. Raises RefusedError and ExecutorError."""


@runtime_checkable
class Closes(Protocol):
    """What keeps connections."""

    async def aclose(self) -> None:
        """Close them."""


@dataclass(frozen=True, slots=True)
class OutputReader:
    """Reads the end of jobs' outputs. ``actor``: what acts as users, if anything does; ``roots``: where it may."""

    actor: Opens | None = None
    roots: Sequence[str] = ("~",)

    async def aclose(self) -> None:
        """Close the connections of what acts as users, if it keeps any."""
        if isinstance(self.actor, Closes):
            await self.actor.aclose()

    async def tail(self, request: MailRequest, lines: int) -> LogTail | None:
        """Return the last lines of the job's standard output; None if there is nothing that may or can be read."""
        own = await asyncio.to_thread(read_log_tail, request, lines)
        if own is not None or self.actor is None or lines <= 0 or request.scope is MailScope.ARRAY_SUMMARY:
            return own
        path = output_path(request)
        if path is None or not request.user:
            return None
        for place in self._places(request.user, path, await self._home(request.user)):
            try:
                async with await self.actor.open_read(request.user, place) as file:
                    start = max(await file.size() - MAX_BYTES, 0)
                    raw = from_whole_line(await file.read(MAX_BYTES, start), start)
            except (RefusedError, ExecutorError) as error:
                _log.info("output.not_read", job=request.job_id, error=error.message)
                continue
            shown = tail_lines(raw, lines)
            return LogTail(path=path, lines=shown) if shown else None
        return None

    async def opened(self, user: str, path: str) -> OpenFile:
        """Open a regular file as a user. Raises RefusedError, which says why not, and ExecutorError."""
        own = await asyncio.to_thread(_opened_as_oneself, user, path)
        if own is not None:
            return own
        if self.actor is None:
            raise RefusedError("forbidden", _NOT_YOU)
        refused = RefusedError("forbidden", _NO_ROOT)
        for place in self._places(user, path, await self._home(user)):
            try:
                return await self.actor.open_read(user, place)
            except RefusedError as error:
                refused = error
        raise refused

    async def listed(self, user: str, path: str, *, after: str = "", limit: int = 1000) -> Listing:
        """Tell what is in a directory, as a user. Raises RefusedError, which says why not, and ExecutorError."""
        if not isinstance(self.actor, Lists):
            raise RefusedError("forbidden", _NOT_YOU)
        refused = RefusedError("forbidden", _NO_ROOT)
        for place in self._places(user, path, await self._home(user)):
            try:
                return await self.actor.list(user, place, after=after, limit=limit)
            except RefusedError as error:
                refused = error
        raise refused

    async def _home(self, user: str) -> str | None:
        """Return a user's home directory; if this host does not know them, as the other side knows it."""
        try:
            return (await asyncio.to_thread(pwd.getpwnam, user)).pw_dir
        except KeyError:
            pass
        try:
            return (await self.actor.ping(user)).home if self.actor is not None else None
        except (RefusedError, ExecutorError):
            return None

    def _places(self, user: str, path: str, home: str | None) -> Iterator[Place]:
        """Return where a path lies below the roots."""
        if home is None or ".." in PurePosixPath(path).parts:
            return
        for root in self.roots:
            below = root.replace("%u", user)
            below = home + below[1:] if below == "~" or below.startswith("~/") else below
            if PurePosixPath(path).is_relative_to(below):
                relative = os.path.relpath(path, below)
                yield Place(below, "" if relative == "." else relative)


def _opened_as_oneself(user: str, path: str) -> LocalFile | None:
    """Open a regular file where this process runs as the user; None where it does not. Raises RefusedError."""
    try:
        if pwd.getpwnam(user).pw_uid != os.geteuid() or os.geteuid() == 0:
            return None
    except KeyError:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError) as error:
        gone = isinstance(error, FileNotFoundError)
        raise RefusedError("not-found" if gone else "system", str(getattr(error, "strerror", error))) from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise RefusedError("kind", "this is no regular file")
    info = FileInfo(
        name=PurePosixPath(path).name,
        named=True,
        kind="file",
        size=found.st_size,
        mode=stat.S_IMODE(found.st_mode),
        uid=found.st_uid,
        gid=found.st_gid,
        modified_ns=found.st_mtime_ns,
        inode=found.st_ino,
    )
    return LocalFile(descriptor, info)
