"""Asking Slurm about one job for a page: briefly, of the right cluster, and not again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from headgate.errors import NotFoundError, SlurmError
from headgate.model.change import Facts
from headgate.model.job import Figures
from headgate.slurm.client import SlurmClient
from headgate.slurm.rest.client import RestClient
from headgate.web.pages.site import Site

_NAME_PATIENCE: Final = 2.0
_FRESH: Final = 15.0
"""Seconds for which an answer that will change is good."""
_LONG: Final = 3600.0
"""Seconds for which complete figures are good."""
_BEFORE: Final = 86400.0


async def alias_of(site: Site, cluster: str) -> str | None:
    """Return what the settings call a cluster, by Slurm's name for it; None if there is none, or it is away."""
    for alias, client in site.clusters.items():
        try:
            async with asyncio.timeout(_NAME_PATIENCE):
                if await client.cluster_name() == cluster:
                    return alias
        except (SlurmError, TimeoutError):
            if alias and alias == cluster:
                return alias
    return None


async def client_of(site: Site, cluster: str) -> SlurmClient | RestClient | None:
    """Return what asks a cluster."""
    alias = await alias_of(site, cluster)
    return None if alias is None else site.clusters[alias]


async def figures_of(site: Site, cluster: str, job_id: int, since: float) -> list[Figures] | None:
    """Return what accounting says of every attempt of a job, or of an array; None if it does not answer in time."""
    client = await client_of(site, cluster)
    if client is None:
        return None

    async def ask() -> list[Figures]:
        return await client.accounting([job_id], since=max(0.0, since - _BEFORE))

    return await site.accounts.get((cluster, job_id), ask, _good_for)


def _good_for(figures: Sequence[Figures]) -> float:
    return _LONG if figures and all(one.complete for one in figures) else _FRESH


async def records_of(site: Site, cluster: str, job: str) -> list[Facts] | None:
    """Return what slurmctld knows of a job, none if it has forgotten it; None if it does not answer in time."""

    async def ask() -> list[Facts]:
        context = await site.desk.actions.context.at(cluster)
        if context.slurm is None:
            return []
        return (await context.slurm.jobs.get([job]))[job]

    try:
        return await site.records.get((cluster, job), ask, lambda _: _FRESH)
    except (ValueError, NotFoundError):
        return []


def number(facts: Facts, key: str) -> int | None:
    """Return a whole number of a record."""
    value = facts.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def words(facts: Facts, key: str) -> str:
    """Return a text of a record; empty if it has none."""
    value = facts.get(key)
    text = ",".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return "" if text in ("N/A", "(null)", "None") else text


def moment(facts: Facts, key: str) -> float | None:
    """Return a time of a record that can be true."""
    value = number(facts, key)
    return float(value) if value and 0 < value < time.time() + 10 * 365 * 86400 else None
