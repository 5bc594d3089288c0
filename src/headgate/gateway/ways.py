"""The ways to a cluster: how files are opened and jobs submitted there, as their owners."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from headgate.errors import NotFoundError
from headgate.executor.interface import FileActor, JobActor, Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.gateway.refusals import (
    BadRequestError,
    ConflictError,
    GatewayError,
    NotAllowedError,
    TooLargeError,
    TooManyError,
    UnavailableError,
)
from headgate.model.job import Figures

Find = Callable[[str, str, float], Awaitable[list[tuple[str, int]]]]
"""Given a user, a directory and a time: the jobs (id, submit time) submitted there since, oldest first."""
Account = Callable[[Sequence[int], float], Awaitable[list[Figures]]]
"""Asks accounting once for many jobs that had not ended before a time. Raises SlurmError."""


@dataclass(frozen=True, slots=True)
class Way:
    """One cluster. ``name``: what the cluster is called in Slurm; ``alias``: by what the executor knows it."""

    name: str
    files: FileActor
    jobs: JobActor
    find: Find
    account: Account
    roots: tuple[str, ...] = ("~",)
    directory: str = "~/headgate"
    alias: str = ""
    _homes: dict[str, str] = field(default_factory=dict, repr=False)
    _places: dict[str, Place] = field(default_factory=dict, repr=False)

    async def home(self, user: str) -> str:
        """Return a user's home directory. Raises what ``FileActor.ping`` raises."""
        known = self._homes.get(user)
        if known is None:
            known = (await self.files.ping(user)).home
            self._homes[user] = known
        return known

    async def place(self, user: str, path: str) -> Place:
        """Return the place of an absolute path below one of the roots. Raises BadRequestError."""
        home = await self.home(user)
        wanted = PurePosixPath(path)
        below = [root for root in (expanded(one, user, home) for one in self.roots) if wanted.is_relative_to(root)]
        if not below or ".." in wanted.parts:
            raise BadRequestError("this lies below no directory in which the gateway may work for users")
        root = max(below, key=len)
        relative = wanted.relative_to(root).as_posix()
        return Place(root, "" if relative == "." else relative)

    async def submissions(self, user: str) -> Place:
        """Return the directory of a user's submissions."""
        known = self._places.get(user)
        if known is None:
            known = await self.place(user, expanded(self.directory, user, await self.home(user)))
            self._places[user] = known
        return known


def expanded(path: str, user: str, home: str) -> str:
    """Return a configured path for one user: ``~`` is the home directory, ``%u`` the name."""
    return (home + path[1:] if path == "~" or path.startswith("~/") else path).replace("%u", user)


_BY_WORD: Mapping[str, type[GatewayError]] = {
    "user": NotAllowedError,
    "root": NotAllowedError,
    "forbidden": NotAllowedError,
    "link": NotAllowedError,
    "exists": ConflictError,
    "too-large": TooLargeError,
    "too-deep": TooLargeError,
    "busy": TooManyError,
    "timeout": UnavailableError,
    "internal": UnavailableError,
    "system": UnavailableError,
    "peer": UnavailableError,
    "full": UnavailableError,
    "host-key": UnavailableError,
    "login": UnavailableError,
    "python": UnavailableError,
}


def refusal(error: RefusedError | ExecutorError) -> GatewayError | NotFoundError:
    """Return what the executor said as the gateway says it."""
    if isinstance(error, ExecutorError):
        return UnavailableError(error.message)
    if error.error == "not-found":
        return NotFoundError("there is no such file or directory")
    return _BY_WORD.get(error.error, BadRequestError)(error.message)


def way_of(ways: Mapping[str, Way], cluster: str | None) -> Way:
    """Return the way to a cluster, by its name; to the default one if none is named. Raises BadRequestError."""
    if cluster is None:
        return next(iter(ways.values()))
    way = ways.get(cluster)
    if way is None:
        raise BadRequestError(f"there is no cluster {cluster[:64]!a}; there are: {', '.join(ways)}")
    return way
