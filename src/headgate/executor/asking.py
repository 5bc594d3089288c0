"""Every verb as a request: what the ways to the helper have in common, wherever it runs."""

from __future__ import annotations

import abc
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from headgate.executor.interface import (
    Archive,
    Done,
    FileInfo,
    How,
    Identity,
    Listing,
    OpenFile,
    Option,
    Packed,
    Place,
    Submitted,
)
from headgate.executor.refusal import ExecutorError

LONG: Final = frozenset({"archive", "extract", "prune", "remove-tree"})
"""The verbs that may take as long as a transfer."""
_NOTHING: Final[Mapping[str, object]] = {}
_Result = TypeVar("_Result", bound=BaseModel)


class Asking(abc.ABC):
    """An `Actor` that asks the helper; how, is for those who derive from it."""

    @abc.abstractmethod
    async def _ask(self, verb: str, user: str, fields: Mapping[str, object] = _NOTHING) -> dict[str, Any]:
        """Return the answer to a request. Raises RefusedError, ExecutorError."""

    @abc.abstractmethod
    async def _open(self, verb: str, user: str, fields: Mapping[str, object]) -> OpenFile:
        """Return the file that a request opens. Raises RefusedError, ExecutorError."""

    @abc.abstractmethod
    async def _submit(
        self, user: str, fields: Mapping[str, object], script: bytes, when: Awaitable[object] | None
    ) -> dict[str, Any]:
        """Return the answer to a submission. Raises RefusedError, ExecutorError, and what ``when`` raises."""

    @abc.abstractmethod
    def archive(self, user: str, place: Place) -> AbstractAsyncContextManager[Archive]:
        """Make a zip file of a directory while it is read."""

    async def ping(self, user: str) -> Identity:
        """Tell who the user is on the other side."""
        return read(Identity, await self._ask("ping", user))

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
        """Submit a batch script in a directory; see `JobActor.submit`."""
        fields = {**at(directory), "options": options or {}, "environment": environment or {}, **_of(cluster)}
        if save_as:
            fields["save_as"] = save_as
        return read(Submitted, await self._submit(user, fields, script, when))

    async def cancel(self, user: str, job: str, *, cluster: str = "") -> Done:
        """End a job or an array task of this user."""
        return read(Done, await self._ask("cancel", user, {"job": job, **_of(cluster)}))

    async def hold(self, user: str, job: str, *, cluster: str = "") -> Done:
        """Keep a waiting job from starting."""
        return read(Done, await self._ask("hold", user, {"job": job, **_of(cluster)}))

    async def release(self, user: str, job: str, *, cluster: str = "") -> Done:
        """Let a held job start."""
        return read(Done, await self._ask("release", user, {"job": job, **_of(cluster)}))

    async def requeue(self, user: str, job: str, *, cluster: str = "") -> Done:
        """Put a job back into the queue."""
        return read(Done, await self._ask("requeue", user, {"job": job, **_of(cluster)}))

    async def update(self, user: str, job: str, changes: Mapping[str, Option], *, cluster: str = "") -> Done:
        """Change a job: time limit, partition and what else an owner may."""
        return read(Done, await self._ask("update", user, {"job": job, "changes": dict(changes), **_of(cluster)}))

    async def open_read(self, user: str, place: Place) -> OpenFile:
        """Open a regular file for reading."""
        return await self._open("open-read", user, {**at(place)})

    async def open_write(
        self, user: str, place: Place, *, how: How = "create", mode: int = 0o666, parents: bool = False
    ) -> OpenFile:
        """Open a regular file for writing; see `FileActor.open_write`."""
        return await self._open("open-write", user, {**at(place), "how": how, "mode": mode, "parents": parents})

    async def list(self, user: str, place: Place, *, after: str = "", limit: int = 1000) -> Listing:
        """Tell what is in a directory."""
        return read(Listing, await self._ask("list", user, {**at(place), "after": after, "limit": limit}))

    async def stat(self, user: str, place: Place) -> FileInfo:
        """Tell about one file, or about a symbolic link itself."""
        return read(FileInfo, await self._ask("stat", user, {**at(place)}))

    async def make_directory(self, user: str, place: Place, *, parents: bool = False, mode: int = 0o777) -> None:
        """Make a directory. With ``parents`` it may be there already."""
        await self._ask("make-directory", user, {**at(place), "parents": parents, "mode": mode})

    async def rename(self, user: str, place: Place, to: str) -> None:
        """Give a file another path below the same root, replacing what was there."""
        await self._ask("rename", user, {**at(place), "to": to})

    async def extract(self, user: str, place: Place, into: str) -> Packed:
        """Unpack a zip file that lies at ``place`` into a directory below the same root."""
        return read(Packed, await self._ask("extract", user, {**at(place), "into": into}))

    async def prune(self, user: str, place: Place, keep: Sequence[str] = ()) -> int:
        """Remove what is in a directory, but for these names; return how many files and directories went."""
        return _removed(await self._ask("prune", user, {**at(place), "keep": [*keep]}))

    async def remove_tree(self, user: str, place: Place) -> int:
        """Remove a file or a directory; return how many files and directories went."""
        return _removed(await self._ask("remove-tree", user, {**at(place)}))


def at(place: Place) -> dict[str, str]:
    """Return the fields that say where."""
    return {"root": place.root, "path": place.path}


def _of(cluster: str) -> dict[str, str]:
    return {"cluster": cluster} if cluster else {}


def read(kind: type[_Result], answer: Mapping[str, Any]) -> _Result:
    """Return an answer as a value. Raises ExecutorError."""
    try:
        return kind.model_validate(answer)
    except ValidationError as error:
        raise ExecutorError("the executor answered something that cannot be read") from error


class _Removed(BaseModel):
    removed: int


def _removed(answer: Mapping[str, Any]) -> int:
    return read(_Removed, answer).removed
