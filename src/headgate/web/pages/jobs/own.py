"""What is done to one's own jobs, as oneself: Slurm decides as it does on the command line, and its words are shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from headgate.errors import NotFoundError, SlurmCommandError, SlurmError
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.model.change import Facts
from headgate.model.text import one_line
from headgate.slurm.commands.scancel import GONE
from headgate.slurm.refusals import in_slurms_words
from headgate.store import audit
from headgate.web.pages.jobs.fitting import unfit
from headgate.web.pages.jobs.outcome import Order, Outcome, Ticked
from headgate.web.pages.jobs.reach import alias_of, words
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import Visitor

_PATIENCE: Final = 60.0
_COMPLAINT: Final = 300
_DONE: Final = {
    "cancel": "Slurm is ending it",
    "hold": "it does not start until it is released",
    "release": "it may start",
    "requeue": "it is put back into the queue",
}


def possible(site: Site, order: Order) -> bool:
    """Whether owners can have this done here: ending a job always, the rest where the gateway acts as users."""
    return order.owners and (order.name == "cancel" or site.gateway() is not None)


async def foresee(site: Site, visitor: Visitor, order: Order, ticked: Sequence[Ticked]) -> list[Outcome]:
    """Say what would become of jobs of the visitor's, by what Slurm says of them now."""
    by_cluster: dict[str, list[Ticked]] = {}
    for one in ticked:
        by_cluster.setdefault(one.job.cluster, []).append(one)
    outcomes: list[Outcome] = []
    for cluster, group in by_cluster.items():
        known = None
        if order.name != "cancel":
            known = await _records(site, cluster, [one.name for one in group])
        for one in group:
            why = _why_not(visitor, order, one, known)
            outcomes.append(Outcome(one, not why, why or order.will))
    return outcomes


def _why_not(visitor: Visitor, order: Order, one: Ticked, known: Mapping[str, list[Facts]] | None) -> str:
    if order.name == "cancel":
        return "" if one.job.open else "is over already"
    if known is None:  # Slurm does not answer now: what the watcher saw last
        return unfit(order.name, [{"job_state": state} for state in one.job.states], own=True)
    records = [record for record in known.get(one.name, ()) if words(record, "user_name") == visitor.user]
    return unfit(order.name, records, own=True) if records else GONE


async def _records(site: Site, cluster: str, names: Sequence[str]) -> dict[str, list[Facts]] | None:
    """Return what slurmctld knows of jobs; None if it does not answer in time."""
    try:
        async with asyncio.timeout(site.records.patience):
            context = await site.desk.actions.context.at(cluster)
            return None if context.slurm is None else await context.slurm.jobs.get(names)
    except (SlurmError, NotFoundError, ValueError, TimeoutError):
        return None


async def carry_out(site: Site, visitor: Visitor, order: Order, one: Ticked) -> Outcome:
    """Do it to a job of the visitor's, as its owner; it is written down before Slurm is asked."""
    do = await _way(site, visitor, order, one)
    if do is None:
        return Outcome(one, False, f"Headgate does not reach the cluster {one_line(one.job.cluster, 40)} now")
    number = await site.store.write(
        lambda c: audit.record(
            c, user=visitor.user, via=visitor.caller.via, action=order.name, outcome="begun",
            subject=f"job {one.name}", detail=f"on {one.job.cluster}; from {visitor.caller.origin}",
        )
    )  # fmt: skip
    outcome, said = "done", _DONE[order.name]
    try:
        async with asyncio.timeout(_PATIENCE):
            refused = await do()
        if refused is not None:
            outcome, said = "refused", one_line(refused, _COMPLAINT)
    except (SlurmError, ExecutorError) as error:
        outcome, said = "failed", one_line(error.message, _COMPLAINT)
    except TimeoutError:
        outcome, said = "failed", "Slurm did not answer in time; look at the job before you try again"
    except ValueError as error:
        outcome, said = "refused", one_line(str(error), _COMPLAINT)
    await site.store.write(lambda c: audit.finish(c, number, outcome, "" if outcome == "done" else said))
    return Outcome(one, outcome == "done", said)


async def _way(site: Site, visitor: Visitor, order: Order, one: Ticked) -> Callable[[], Awaitable[str | None]] | None:
    """Return what does it, and returns why Slurm refused or None; None if nothing reaches the cluster."""
    if order.name == "cancel":
        alias = await alias_of(site, one.job.cluster)
        door = None if alias is None else site.doors.get(alias)
        return None if door is None else lambda: door.cancel(one.name, visitor.user)
    gateway = site.gateway()
    way = None if gateway is None else gateway.ways.get(one.job.cluster)
    if way is None:
        return None
    verb = {"hold": way.jobs.hold, "release": way.jobs.release, "requeue": way.jobs.requeue}[order.name]

    async def do() -> str | None:
        try:
            await verb(visitor.user, one.name, cluster=way.alias)
        except RefusedError as error:
            return in_slurms_words(SlurmCommandError(error.message)) if error.error == "slurm" else error.message
        return None

    return do
