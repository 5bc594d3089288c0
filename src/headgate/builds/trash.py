"""Job directories of closed pull requests: moved to a trash bin by the build account, and removed from it later.

Moving is one rename, so it needs a directory above both that the executor allows, on one file system. A directory
whose job is in use is never moved.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headgate.errors import HeadgateError
from headgate.executor.interface import FileActor, FileInfo, Place
from headgate.executor.refusal import RefusedError
from headgate.model.pull_request import Repository

_SAME_NAME: Final = 100
"""How often one pull request can be closed on one day and still find a name in the trash bin."""
_DEEPEST: Final = 24
"""Directories between the trash bin and a day: owners may be groups in groups."""
_DAY: Final = re.compile(r"[0-9]{4}\.[0-9]{2}\.[0-9]{2}")
_MONTH: Final = re.compile(r"[0-9]{4}\.[0-9]{2}")
_CLOSED: Final = re.compile(r"pr_[0-9]+(\.[0-9]+)?")


class TrashError(HeadgateError):
    """Directories cannot be moved to the trash bin. ``message`` says what is needed."""


@dataclass(frozen=True, slots=True)
class JobDirectory:
    """A job's directory, below that of all jobs. ``in_use``: the job is not over, or something still reads there."""

    job: str
    path: str
    in_use: bool


@dataclass(frozen=True, slots=True)
class ClosedPullRequest:
    """What is moved, by Headgate's own record.

    ``directories`` are ``YYYY.MM/.../OWNER/NAME/pr_N``, below the directory of all jobs; ``jobs`` are all jobs of the
    pull request. What holds none of them is not touched: one of the same name on another forge may lie there, too.
    """

    repository: Repository
    number: int
    directories: tuple[str, ...]
    jobs: tuple[JobDirectory, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of the directories: paths below the directory of all jobs."""

    moved: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """Those of jobs in use, and what is of no job that was named."""
    failed: tuple[tuple[str, str], ...] = ()
    """With the reason."""


@dataclass(frozen=True, slots=True)
class TrashBin:
    """The trash bin. ``user``: the build account; ``jobs``: the directory of all jobs. Both paths are absolute."""

    actor: FileActor
    user: str
    jobs: Path
    path: Path

    async def move(self, closed: ClosedPullRequest, today: dt.date) -> Moved:
        """Move directories to ``OWNER/NAME/YYYY.MM.DD/YYYY.MM/pr_N``; each alone, so that one failing keeps no other.

        What is not there (any more) is neither moved nor failed, so doing it again does no harm. Raises TrashError for
        a directory that is not this pull request's, and ExecutorError if nobody can be asked.
        """
        self.root()
        moved, kept, failed = [], [], []
        for directory in dict.fromkeys(closed.directories):
            target = self._target(closed, _month(closed, directory), today)
            try:
                going, staying = _parted(closed, directory, [one.name async for one in self._listed(directory)])
            except RefusedError as error:
                if error.error != "not-found":
                    failed.append((directory, self._why(error)))
                continue
            kept += staying
            for path in going:
                try:
                    if await self._rename(path, target, path.removeprefix(directory)):
                        moved.append(path)
                except RefusedError as error:
                    failed.append((path, self._why(error)))
        return Moved(tuple(moved), tuple(kept), tuple(failed))

    async def there(self, directories: Sequence[str]) -> list[str]:
        """Return which directories there are, of some below that of all jobs. Raises TrashError, ExecutorError."""
        found = []
        for directory in dict.fromkeys(directories):
            try:
                async for _ in self._listed(directory):
                    break
            except RefusedError as error:
                if error.error == "not-found":
                    continue
            found.append(directory)
        return found

    async def remove_older(self, today: dt.date, days: int) -> int:
        """Remove what was moved more than so many days ago; 0 removes nothing. Return how many entries went.

        Only what has the form that `move` gives is touched. Raises TrashError, RefusedError, ExecutorError.
        """
        if days == 0:
            return 0
        before = (today - dt.timedelta(days=days)).strftime("%Y.%m.%d")
        removed = 0
        async for day in self._days("", 0):
            if day.rpartition("/")[2] < before:
                removed += await self.actor.remove_tree(self.user, self._place(day))
        return removed

    def root(self) -> str:
        """Return the directory above both. Raises TrashError if there is none that could be allowed."""
        common = os.path.commonpath([self.jobs, self.path])
        if common == "/" or self.jobs == self.path or self.path in self.jobs.parents:
            raise TrashError(
                f"builds.jobs.trash ({self.path}) should be below builds.jobs.directory ({self.jobs}), or beside it "
                "in a directory that the executor's roots allow"
            )
        return common

    async def problem(self) -> str:
        """Try what moving needs, and say what is missing; empty if nothing is. Raises ExecutorError."""
        probe = f".headgate-doctor-{os.getpid()}"
        try:
            root = self.root()
            await self.actor.make_directory(self.user, Place(root, self._below(str(self.path))), parents=True)
            source = Place(root, self._below(str(self.jobs / probe)))
            await self.actor.make_directory(self.user, source, mode=0o700)
            try:
                await self.actor.rename(self.user, source, self._below(str(self.path / probe)))
                source = Place(root, self._below(str(self.path / probe)))
            finally:
                await self.actor.remove_tree(self.user, source)
        except TrashError as error:
            return error.message
        except RefusedError as error:
            return self._why(error)
        return ""

    async def _rename(self, path: str, target: str, rest: str) -> bool:
        """Give a directory its place in the trash bin; say whether it was there at all. Raises RefusedError."""
        source = Place(self.root(), self._below(str(self.jobs / path)))
        for count in range(_SAME_NAME):
            goal = self._below(str(self.path / f"{target}{f'.{count}' if count else ''}{rest}"))
            parent = Place(source.root, goal.rpartition("/")[0])
            try:
                await self.actor.make_directory(self.user, parent, parents=True, mode=0o755)
                await self.actor.rename(self.user, source, goal)
            except RefusedError as error:
                if error.error == "exists":
                    continue
                if error.error == "not-found":
                    return False
                raise
            return True
        raise RefusedError("exists", "the trash bin has too many of its name")

    async def _days(self, path: str, depth: int) -> AsyncIterator[str]:
        """Yield the directories below the trash bin that hold what was moved on one day."""
        async for entry in self._directories(path):
            below = f"{path}/{entry.name}".lstrip("/")
            if _DAY.fullmatch(entry.name) and await self._is_day(below):
                yield below
            elif depth < _DEEPEST:
                async for day in self._days(below, depth + 1):
                    yield day

    async def _is_day(self, path: str) -> bool:
        """Tell a day from an owner or a repository that is called like one: by what is in it."""
        async for month in self._directories(path):
            if not _MONTH.fullmatch(month.name):
                return False
            async for closed in self._directories(f"{path}/{month.name}"):
                if not _CLOSED.fullmatch(closed.name):
                    return False
        return True

    async def _directories(self, path: str) -> AsyncIterator[FileInfo]:
        """Yield the directories in one below the trash bin; none if it is not there."""
        try:
            async for entry in self._entries(self._place(path)):
                yield entry
        except RefusedError as error:
            if error.error != "not-found":
                raise

    def _listed(self, path: str) -> AsyncIterator[FileInfo]:
        """Yield the directories in one below that of all jobs. Raises RefusedError."""
        return self._entries(Place(self.root(), self._below(str(self.jobs / path))))

    async def _entries(self, place: Place) -> AsyncIterator[FileInfo]:
        after = ""
        while True:
            listing = await self.actor.list(self.user, place, after=after)
            for entry in listing.entries:
                if entry.kind == "directory" and entry.named:
                    yield entry
            if not listing.more or not listing.entries:
                return
            after = listing.entries[-1].name

    def _place(self, path: str) -> Place:
        return Place(self.root(), self._below(str(self.path / path)))

    def _below(self, path: str) -> str:
        return path.removeprefix(self.root()).strip("/")

    def _target(self, closed: ClosedPullRequest, month: str, today: dt.date) -> str:
        return f"{closed.repository.path}/{today:%Y.%m.%d}/{month}/pr_{closed.number}"

    def _why(self, error: RefusedError) -> str:
        if error.error == "link":
            return (
                "the trash bin is on another file system, or behind a symbolic link: put it below the jobs' directory"
            )
        if error.error == "root":
            return (
                f"the executor's roots do not allow {self.root()}, which is above the jobs' directory and the trash bin"
            )
        return error.message


def _month(closed: ClosedPullRequest, directory: str) -> str:
    """Return the month a pull request's directory is in. Raises TrashError if it is not this pull request's."""
    found = re.fullmatch(
        rf"({_MONTH.pattern})/(?:.+/)?{re.escape(closed.repository.path)}/pr_{closed.number}", directory
    )
    if found is None or ".." in directory.split("/"):
        raise TrashError(f"{directory} is not the directory of {closed.repository} #{closed.number}")
    return found[1]


def _parted(closed: ClosedPullRequest, directory: str, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what of a pull request's directory goes and what stays, in as few pieces as there can be.

    ``names``: the directories in it.
    """
    going, staying = [], []
    for path in (f"{directory}/{name}" for name in names):
        jobs = [job for job in closed.jobs if _holds(path, job.path)]
        used = [job.path for job in jobs if job.in_use]
        if not jobs:
            staying.append(path)
        elif not used:
            going.append(path)
        else:
            staying += [job.path for job in jobs if any(_holds(job.path, other) for other in used)]
            going += [job.path for job in jobs if job.path not in staying]
    return (going if staying else [directory]), staying


def _holds(directory: str, path: str) -> bool:
    return path == directory or path.startswith(f"{directory}/")
