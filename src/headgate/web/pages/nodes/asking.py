"""Asking Slurm for a page: for a moment only, and not again and again for the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, cast

from headgate.errors import HeadgateError, NotFoundError
from headgate.model.event import JSON
from headgate.model.job import QueuedJob
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import Visitor

PATIENCE: Final = 3.0
"""Seconds for which a page waits for Slurm."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """What Slurm said; ``value`` is None where it did not say it in time, and ``problem`` says why."""

    value: T | None
    problem: str = ""


async def for_a_moment(question: Awaitable[T]) -> Answered[T]:
    """Wait for an answer of Slurm, but not for long."""
    try:
        async with asyncio.timeout(PATIENCE):
            return Answered(await question)
    except TimeoutError:
        return Answered(None, f"Slurm did not answer within {PATIENCE:g} s")
    except (HeadgateError, ValueError) as error:
        return Answered(None, error.message if isinstance(error, HeadgateError) else str(error))


async def jobs_on(site: Site, cluster: str, names: Sequence[str]) -> list[QueuedJob]:
    """Return the jobs that are on nodes now. Raises SlurmError, NotFoundError and ValueError."""
    clusters = site.desk.actions.context.clusters
    if clusters is None:
        raise NotFoundError("this Headgate has no Slurm to ask")
    return await (await clusters.of(cluster)).client.queue_on(names)


async def reservations(site: Site, visitor: Visitor, cluster: str) -> list[dict[str, JSON]]:
    """Return a cluster's reservations as JSON, by name. Raises what the action does."""
    listed = await site.desk.actions.run("slurm.reservation.list", {}, visitor.caller, cluster=cluster)
    found = cast("dict[str, dict[str, JSON]]", listed.result)
    return [found[name] for name in sorted(found)]


def holds(reservation: dict[str, JSON], node: str) -> bool:
    """Whether a node is in a reservation."""
    nodes = reservation.get("nodes")
    return isinstance(nodes, list) and node in nodes
