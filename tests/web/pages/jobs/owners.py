"""What acts on jobs as their owners, played."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from headgate.config.gateway import GatewaySettings
from headgate.executor.interface import Done
from headgate.gateway.following import Follower
from headgate.gateway.gateway import Gateway
from headgate.gateway.ways import Way
from headgate.store.store import Store


@dataclass
class Owners:
    """Acts on jobs as their owners: remembers what it was asked for, and answers as it is told."""

    asked: list[tuple[str, ...]] = field(default_factory=list)
    error: Exception | None = None

    async def _do(self, *words: str) -> Done:
        self.asked.append(words)
        if self.error is not None:
            raise self.error
        return Done(message="")

    async def hold(self, user: str, job: str, *, cluster: str = "") -> Done:
        return await self._do("hold", user, job, cluster)

    async def release(self, user: str, job: str, *, cluster: str = "") -> Done:
        return await self._do("release", user, job, cluster)

    async def requeue(self, user: str, job: str, *, cluster: str = "") -> Done:
        return await self._do("requeue", user, job, cluster)


def gateway_of(store: Store, owners: Owners) -> Gateway:
    """A gateway that has a way to one cluster, as its owners."""
    nobody = cast("Any", None)
    way = Way("alpha", files=nobody, jobs=cast("Any", owners), find=nobody, account=nobody, alias="a")
    return Gateway(GatewaySettings(), store, {"alpha": way}, Follower(frozenset(), 0.0))
