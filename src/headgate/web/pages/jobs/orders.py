"""What can be done to jobs from pages: ending one's own as their owner, all else by the actions for operators."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from headgate.actions.registry import Result
from headgate.errors import HeadgateError, NotFoundError, SlurmError
from headgate.model.event import JSON
from headgate.model.text import one_line
from headgate.store import audit
from headgate.store.job_search import FoundJob, summary_of
from headgate.store.signals import Topic
from headgate.store.store import ring
from headgate.web.pages.jobs.about import find_job, only_of, word
from headgate.web.pages.jobs.reach import alias_of
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import Visitor

MOST: Final = 200
"""Jobs that one form changes."""
_PATIENCE: Final = 60.0
_COMPLAINT: Final = 300
_TICKED: Final = re.compile(r"(?P<cluster>[^/\x00-\x1f]{1,100})/(?P<array>array/)?(?P<number>[1-9][0-9]{0,9})")


@dataclass(frozen=True, slots=True)
class Order:
    """Something to be done to jobs. ``action``: the one that does it for operators; ``key``: what of a job it sets."""

    name: str
    label: str
    will: str
    """What is going to happen, of each job."""
    action: str
    key: str = ""
    value_label: str = ""
    danger: bool = False
    stages: frozenset[str] = frozenset({"waits", "runs"})
    """How a job is to which this can be done: it waits, runs, or is over."""


_WAITS: Final = frozenset({"waits"})
_BEGUN: Final = frozenset({"runs", "over"})
ORDERS: Final[Mapping[str, Order]] = {
    one.name: one
    for one in (
        Order("cancel", "Cancel", "is ended, or taken out of the queue", "slurm.job.cancel", danger=True),
        Order("hold", "Hold", "does not start until it is released", "slurm.job.hold", stages=_WAITS),
        Order("release", "Release", "may start", "slurm.job.release", stages=_WAITS),
        Order(
            "requeue",
            "Requeue",
            "is put back into the queue; what it did is lost",
            "slurm.job.requeue",
            danger=True,
            stages=_BEGUN,
        ),
        Order(
            "priority", "Set priority", "gets the priority", "slurm.job.update", "priority", "Priority", stages=_WAITS
        ),
        Order("limit", "Set time limit", "gets the time limit", "slurm.job.update", "time_limit", "Minutes"),
    )
}


@dataclass(frozen=True, slots=True)
class Ticked:
    """A job that something is to be done to."""

    key: str
    """As the form names it."""
    job: FoundJob
    own: bool
    """Whether it is the visitor's."""

    @property
    def name(self) -> str:
        """What Slurm is asked to act on."""
        return self.job.label.removesuffix("_*").partition("+")[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job, or would."""

    ticked: Ticked
    ok: bool
    words: str


def offered(site: Site, visitor: Visitor, *, own: bool) -> list[Order]:
    """Return what a visitor may do to a job; ``own``: that is theirs."""
    return [one for one in ORDERS.values() if may(site, visitor, one, own=own)]


def may(site: Site, visitor: Visitor, order: Order, *, own: bool) -> bool:
    """Whether a visitor may have this done: everybody may end their own; for the rest the action says the role."""
    return (own and order.name == "cancel") or visitor.caller.may(site.desk.actions.catalogue.get(order.action).role)


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
    outcomes: dict[str, Outcome] = {}
    by_cluster: dict[str, list[Ticked]] = {}
    for one in ticked:
        if not may(site, visitor, wish.order, own=one.own):
            outcomes[one.key] = Outcome(one, False, "you may not")
        elif one.own and wish.order.name == "cancel":
            outcomes[one.key] = await _end_own(site, visitor, one, dry_run=wish.dry_run)
        else:
            by_cluster.setdefault(one.job.cluster, []).append(one)
    for cluster, group in by_cluster.items():
        for found in await _act(site, visitor, wish, cluster, group):
            outcomes[found.ticked.key] = found
    if not wish.dry_run:
        for one in ticked:
            site.records.forget((one.job.cluster, one.job.label))
        await site.store.write(lambda c: ring(c, Topic.JOBS), found_again=True)
    return [outcomes[one.key] for one in ticked]


async def _end_own(site: Site, visitor: Visitor, one: Ticked, *, dry_run: bool) -> Outcome:
    """End a job of the visitor's, as its owner."""
    if dry_run:
        over = not one.job.open
        return Outcome(one, not over, "is over already" if over else ORDERS["cancel"].will)
    alias = await alias_of(site, one.job.cluster)
    door = None if alias is None else site.doors.get(alias)
    if door is None:
        return Outcome(one, False, f"Headgate does not reach the cluster {one_line(one.job.cluster, 40)} now")
    number = await site.store.write(
        lambda c: audit.record(
            c, user=visitor.user, via=visitor.caller.via, action="cancel", outcome="begun",
            subject=f"job {one.name}", detail=f"on {one.job.cluster}; from {visitor.caller.origin}",
        )
    )  # fmt: skip
    outcome, words = "done", "Slurm is ending it"
    try:
        async with asyncio.timeout(_PATIENCE):
            refused = await door.cancel(one.name, visitor.user)
        if refused is not None:
            outcome, words = "refused", refused
    except SlurmError as error:
        outcome, words = "failed", one_line(error.message, _COMPLAINT)
    except TimeoutError:
        outcome, words = "failed", "Slurm did not answer in time; look at the job before you try again"
    except ValueError as error:
        outcome, words = "refused", one_line(str(error), _COMPLAINT)
    await site.store.write(lambda c: audit.finish(c, number, outcome, "" if outcome == "done" else words))
    return Outcome(one, outcome == "done", words)


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
