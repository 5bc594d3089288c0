"""A gateway without a cluster: the store is real, and who would act as users is played."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, cast

from headgate.config.gateway import GatewaySettings
from headgate.executor.interface import FileActor, Identity, Option, Place, Submitted
from headgate.gateway.following import Follower
from headgate.gateway.gateway import Gateway
from headgate.gateway.ways import Way
from headgate.model.job import Figures
from headgate.store.store import Store
from tests.gateway.made import CLUSTER

FIRST_JOB = 4711


class Played:
    """Makes ready what it is asked for, says so, and submits when it may; a `JobActor` as far as it goes."""

    def __init__(self) -> None:
        self.ready: list[str] = []
        """Directories for which everything was made ready."""
        self.submitted: list[str] = []
        """Directories whose script Slurm got."""
        self.error: Exception | None = None
        """What is raised in place of an answer, once Slurm would be asked."""

    async def ping(self, user: str) -> Identity:
        return Identity(uid=1001, gid=1001, groups=(1001,), home=f"/home/{user}")

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
        del user, script, options, environment, cluster, save_as
        self.ready.append(directory.path)
        if when is not None:
            await asyncio.shield(when)
        if self.error is not None:
            raise self.error
        self.submitted.append(directory.path)
        return Submitted(job=str(FIRST_JOB + len(self.submitted) - 1), message="")


async def _find(user: str, directory: str, since: float) -> list[tuple[str, int]]:
    del user, directory, since
    return []


async def _account(ids: Sequence[int], since: float) -> list[Figures]:
    del ids, since
    return []


def gateway_on(store: Store, played: Played, **settings: Any) -> Gateway:
    """Put a gateway together."""
    way = Way(CLUSTER, cast("FileActor", played), cast("Any", played), _find, _account)
    return Gateway(GatewaySettings(**settings), store, {CLUSTER: way}, Follower())
