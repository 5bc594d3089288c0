"""What can be done to jobs from pages: to one's own as their owner, to others' by the actions for operators."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from headgate.actions.registry import Result
from headgate.errors import HeadgateError, NotFoundError
from headgate.model.change import Facts
from headgate.model.event import JSON
from headgate.model.text import one_line
from headgate.store.job_search import FoundJob, summary_of
from headgate.store.signals import Topic
from headgate.store.store import ring
from headgate.web.pages.jobs import own as owners
from headgate.web.pages.jobs.about import JobAbout, find_job, only_of, word
from headgate.web.pages.jobs.fitting import unfit
from headgate.web.pages.jobs.outcome import Order, Outcome, Ticked
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import Visitor

MOST: Final = 200
"""Jobs that one form changes."""
_COMPLAINT: Final = 300
_TICKED: Final = re.compile(r"(?P<cluster>[^/\x00-\x1f]{1,100})/(?P<array>array/)?(?P<number>[1-9][0-9]{0,9})")
_WAITS: Final = frozenset({"waits"})
_BEGUN: Final = frozenset({"runs", "over"})
ORDERS: Final[Mapping[str, Order]] = {
    one.name: one
    for one in (
        Order("cancel", "Cancel", "is ended, or taken out of the queue", "slurm.job.cancel", danger=True, owners=True),
        Order("hold", "Hold", "does not start until it is released", "slurm.job.hold", stages=_WAITS, owners=True),
        Order("release", "Release", "may start", "slurm.job.release", stages=_WAITS, owners=True),
        Order(
            "requeue",
            "Requeue",
            "is put back into the queue; what it did is lost",
            "slurm.job.requeue",
            danger=True,
            stages=_BEGUN,
            owners=True,
        ),
        Order(
            "priority", "Set priority", "gets the priority", "slurm.job.update", "priority", "Priority", stages=_WAITS
        ),
        Order("limit", "Set time limit", "gets the time limit", "slurm.job.update", "time_limit", "Minutes"),
    )
}


def offered(site: Site, visitor: Visitor, *, own: bool) -> list[Order]:
    """Return what a visitor may do to a job; ``own``: that is theirs."""
    return [one for one in ORDERS.values() if may(site, visitor, one, own=own)]


def may(site: Site, visitor: Visitor, order: Order, *, own: bool) -> bool:
    """Whether a visitor may have this done: everybody what owners may to their own; else the action says the role."""
    return (own and owners.possible(site, order)) or _has_role(site, visitor, order)


def _has_role(site: Site, visitor: Visitor, order: Order) -> bool:
    return visitor.caller.may(site.desk.actions.catalogue.get(order.action).role)


def _as_owner(site: Site, visitor: Visitor, order: Order, one: Ticked) -> bool:
    """Whether it is done as the owner: what they have the role for goes by the action, but for ending a job."""
    return one.own and owners.possible(site, order) and (order.name == "cancel" or not _has_role(site, visitor, order))


def fitting(site: Site, visitor: Visitor, about: JobAbout, record: Facts | None) -> list[Order]:
    """Return what a visitor may do to a job and makes sense as it is; ``record``: what slurmctld knows of it now."""
    own = bool(about.user) and about.user == visitor.user
    stage = "waits" if about.waits else "runs" if about.job.open else "over"
    seen: Facts = {"job_state": about.state, "state_reason": word(about.job, "reason")}
    known = {**seen, **(record or {})}
    found = []
    for one in offered(site, visitor, own=own):
        as_owner = own and not _has_role(site, visitor, one)
        forgotten = as_owner and stage == "over" and record is None
        if stage in one.stages and not forgotten and not unfit(one.name, [known], own=as_owner):
            found.append(one)
    return found


def fitting_array(site: Site, visitor: Visitor, array: FoundJob) -> list[Order]:
    """Return what a visitor may do to an array that is not over, and makes sense for some of its tasks."""
    if not array.open:
        return []
    stages = {stage for stage, there in (("waits", array.waits), ("runs", array.runs)) if there}
    own = bool(array.user) and array.user == visitor.user
    return [one for one in offered(site, visitor, own=own) if stages & one.stages]


def read_ticked(keys: Sequence[str]) -> list[tuple[str, str, int, bool]]:
    """Read which jobs a form names: key, cluster, number, whether an array; what names none is left out."""
    found = []
    for key in dict.fromkeys(keys[: MOST + 1]):
        match = _TICKED.fullmatch(key)
        if match is not None:
            found.append((key, match["cluster"], int(match["number"]), match["array"] is not None))
    return found[:MOST]


def find_ticked(connection: Connection, keys: Sequence[str], visitor: Visitor) -> list[Ticked]:
    """Return the jobs a form names, of those that its visitor may see."""
    only = only_of(visitor)
    found = []
    for key, cluster, number, array in read_ticked(keys):
        job = _job(connection, cluster, number, only) if not array else None
        job = job or summary_of(connection, cluster, number, array=array, user=only)
        if job is not None:
            found.append(Ticked(key, job, bool(job.user) and job.user == visitor.user))
    return found


def _job(connection: Connection, cluster: str, number: int, only: str | None) -> FoundJob | None:
    """Return one job, or one task of an array."""
    about = find_job(connection, cluster, number, only)
    if about is None:
        return None
    name, user, account, partition = (word(about.job, key) for key in ("name", "user", "account", "partition"))
    states = {about.state: 1}
    since = about.job.attempt.submitted
    return FoundJob(cluster, number, False, about.label, name, user, account, partition, since, states)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted: an order with its value, why, and whether only to say what would become of it."""

    order: Order
    value: int | None = None
    why: str = ""
    dry_run: bool = True

    def parameters(self, names: Sequence[str]) -> dict[str, JSON]:
        """Return the parameters of the action."""
        given: dict[str, JSON] = {"jobids": list(names)}
        return {**given, "infos": {self.order.key: self.value}} if self.order.key else given


async def carry_out(site: Site, visitor: Visitor, wish: Wish, ticked: Sequence[Ticked]) -> list[Outcome]:
    """Do it, or say what it would do. Each job's outcome stands for itself."""
    refused = [one for one in ticked if not may(site, visitor, wish.order, own=one.own)]
    own = [one for one in ticked if one not in refused and _as_owner(site, visitor, wish.order, one)]
    found = [Outcome(one, False, "you may not") for one in refused]
    if wish.dry_run:
        found += await owners.foresee(site, visitor, wish.order, own)
    else:
        found += [await owners.carry_out(site, visitor, wish.order, one) for one in own]
    by_cluster: dict[str, list[Ticked]] = {}
    for one in ticked:
        if one not in refused and one not in own:
            by_cluster.setdefault(one.job.cluster, []).append(one)
    for cluster, group in by_cluster.items():
        found += await _act(site, visitor, wish, cluster, group)
    outcomes = {one.ticked.key: one for one in found}
    if not wish.dry_run:
        for one in ticked:
            for name in {one.job.label, one.name}:
                site.records.forget((one.job.cluster, name))
        await site.store.write(lambda c: ring(c, Topic.JOBS), found_again=True)
    return [outcomes[one.key] for one in ticked]


async def _act(site: Site, visitor: Visitor, wish: Wish, cluster: str, group: Sequence[Ticked]) -> list[Outcome]:
    """Run the action about jobs of one cluster: about many at once, and one by one if Slurm does not know them all."""
    most = site.settings.actions.most_nodes
    outcomes: list[Outcome] = []
    for start in range(0, len(group), most):
        part = group[start : start + most]
        try:
            result = await site.desk.actions.run(
                wish.order.action,
                wish.parameters([one.name for one in part]),
                visitor.caller,
                why=wish.why,
                dry_run=wish.dry_run,
                cluster=cluster,
            )
        except NotFoundError as error:
            if len(part) == 1:
                outcomes.append(Outcome(part[0], False, one_line(error.message, _COMPLAINT)))
            else:
                outcomes += [found for one in part for found in await _act(site, visitor, wish, cluster, [one])]
        except HeadgateError as error:
            outcomes += [Outcome(one, False, one_line(error.message, _COMPLAINT)) for one in part]
        else:
            outcomes += [_outcome(wish, one, result) for one in part]
    return outcomes


def _outcome(wish: Wish, one: Ticked, result: Result) -> Outcome:
    change = result.result.get(one.name) if isinstance(result.result, dict) else None
    error = change.get("error") if isinstance(change, dict) else result.error or "Slurm said nothing about it"
    if error:
        return Outcome(one, False, one_line(str(error), _COMPLAINT))
    return Outcome(one, True, wish.order.will if wish.dry_run else _changed(change))


def _changed(change: JSON) -> str:
    """Return what a change was, in words: ``job state RUNNING → CANCELLED``."""
    if not isinstance(change, dict) or not change.get("changed"):
        return "done"
    before, after = change.get("before"), change.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return "done"
    parts = [
        f"{key.replace('_', ' ')} {before.get(key)} → {after[key]}" for key in after if before.get(key) != after[key]
    ]
    return one_line("; ".join(parts), _COMPLAINT) or "done"
