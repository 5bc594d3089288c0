"""Acting on jobs by slurmrestd, as the gateway acts on them: a `JobActor`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from headgate.errors import SlurmError, SlurmRefusedError
from headgate.executor.interface import Done, FileActor, Option, Place, Submitted
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.slurm.rest.client import RestClient

_T = TypeVar("_T")


class RestJobs:
    """Submits and changes jobs as their owners, by their tokens. Raises RefusedError and ExecutorError."""

    def __init__(self, client: RestClient, files: FileActor) -> None:
        """``files``: what writes the scripts, since slurmrestd opens no files."""
        self._client = client
        self._files = files

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
        del cluster
        if save_as:
            place = Place(directory.root, f"{directory.path}/{save_as}".lstrip("/"))
            kept = await self._files.open_write(user, place, how="replace", mode=0o600, parents=True)
            async with kept:
                await kept.write(script, 0)
        if when is not None:
            try:
                await asyncio.shield(when)
            except Exception:
                if save_as:
                    with contextlib.suppress(RefusedError, ExecutorError):  # it is a leftover, no more
                        await self._files.remove_tree(user, directory)
                raise
        where = f"{directory.root}/{directory.path}".rstrip("/")
        job, message = await _done(self._client.submit(user, where, script, options or {}, environment or {}))
        return Submitted(job=job, message=message)

    async def cancel(self, user: str, job: str, *, cluster: str = "") -> Done:
        """End a job or an array task of this user."""
        del cluster
        await _done(self._client.cancel_as(user, job))
        return Done(message="")

    async def hold(self, user: str, job: str, *, cluster: str = "") -> Done:
        """Keep a waiting job from starting."""
        del cluster
        await _done(self._client.hold(user, job))
        return Done(message="")

    async def release(self, user: str, job: str, *, cluster: str = "") -> Done:
        """Let a held job start."""
        del cluster
        await _done(self._client.release(user, job))
        return Done(message="")

    async def requeue(self, user: str, job: str, *, cluster: str = "") -> Done:
        """Put a job back into the queue."""
        del cluster
        await _done(self._client.requeue(user, job))
        return Done(message="")

    async def update(self, user: str, job: str, changes: Mapping[str, Option], *, cluster: str = "") -> Done:
        """Change a job: time limit, partition and what else an owner may."""
        del cluster
        await _done(self._client.update(user, job, changes))
        return Done(message="")


async def _done(asked: Awaitable[_T]) -> _T:
    """Return what was answered; raise what it means for the gateway: refused, or nobody knows."""
    try:
        return await asked
    except SlurmRefusedError as error:
        raise RefusedError("slurm", error.message, code=error.number) from error
    except SlurmError as error:
        raise ExecutorError(error.message) from error
