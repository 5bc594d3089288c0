"""Stage 2: making the messages of requested mails, with the figures accounting has by then.

One ``sacct`` serves all mails that wait. While accounting is not complete for a job, it is asked again, less and less
often, until a limit; then the message goes out without figures, and says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

import structlog
from sqlalchemy import Connection

from headgate.errors import SlurmError, StoreError
from headgate.events.journal import Journal
from headgate.events.mail_events import WITNESSED, attempt_key, label, lost_mail_key, request_about
from headgate.model.delivery import Reason
from headgate.model.event import Event, EventKind, Source
from headgate.model.job import Attempt, Figures
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.message import Message
from headgate.model.states import JobState
from headgate.notify import metrics
from headgate.notify.attempts import choose, tasks_of
from headgate.notify.material import MakeMessage, Material
from headgate.notify.wishes import Clock, decided, urgency
from headgate.store import deliveries, journal
from headgate.store.deliveries import Made
from headgate.store.journal import Recorded
from headgate.store.signals import Bell, Topic
from headgate.store.store import Store

_log = structlog.get_logger(__name__)

Accounting = Callable[[str, Sequence[int], float], Awaitable[list[Figures]]]
"""Asks a cluster's accounting once for all attempts of many job or array ids that had not ended before a time.

Raises SlurmError."""

_BONES = 10.0
"""Seconds for which a record that may be incomplete is looked at again."""
_LATE = 3600.0
"""Seconds by which a mail may come after the end it is about."""


@dataclass(frozen=True, slots=True)
class ComposeSettings:
    """How the composer works.

    ``wait``: seconds until a message goes out without complete figures. ``gap``: seconds between two calls of sacct at
    least. ``batch``: mails looked into at once. ``poll``: the longest time without looking for work. ``gather``: array
    tasks that people subscribed to are told together, at multiples of these seconds.
    """

    wait: float = 60.0
    gap: float = 2.0
    batch: int = 1000
    poll: float = 5.0
    zone: tzinfo | None = None
    """Of quiet hours; None: the host's."""
    gather: float = 60.0


@dataclass(slots=True)
class _Plan:
    """What one look leads to."""

    ready: dict[int, Material] = field(default_factory=dict)
    later: dict[int, float] = field(default_factory=dict)


class Composer:
    """Makes the messages of mail requests."""

    def __init__(
        self,
        store: Store,
        events: Journal,
        accounting: Accounting,
        make_message: MakeMessage,
        settings: ComposeSettings,
    ) -> None:
        self._store = store
        self._events = events
        self._accounting = accounting
        self._make_message = make_message
        self._settings = settings
        self._stopping = False
        self._bell: Bell | None = None
        self._accounting_failed = ""

    async def run(self) -> None:
        """Work until ``stop``."""
        self._bell = bell = self._store.bell(Topic.WAITING)
        asked = 0.0
        while not self._stopping:
            try:
                wait = await self._until_due()
                if wait > 0:
                    await bell.wait(min(wait, self._settings.poll))
                    continue
                # Whoever asks for a mail now joins the next call of sacct, which is at least this far away.
                await asyncio.sleep(max(0.0, asked + self._settings.gap - time.monotonic()))
                asked = time.monotonic()
                await self.look()
            except StoreError as error:
                _log.error("composer.store_failed", error=error.message)
                await asyncio.sleep(1)

    def stop(self) -> None:
        """Ask ``run`` to end after what it is doing."""
        self._stopping = True
        if self._bell is not None:
            self._bell.ring()

    async def _until_due(self) -> float:
        due = await self._store.read(deliveries.next_waiting)
        return self._settings.poll if due is None else due - self._store.clock.now()

    async def look(self) -> int:
        """Look once into every mail that is due; return how many messages were made. Raises StoreError."""
        now = self._store.clock.now()
        since = await self._store.read(lambda c: deliveries.waiting_events(c, now, self._settings.batch))
        if not since:
            return 0
        recorded = await self._store.read(lambda c: journal.get_many(c, list(since)))
        requests = {item.id: request_about(item.event) for item in recorded}
        figures = await self._figures(list(requests.values()))
        plan = decide(requests, figures, since, now, self._settings)
        messages = {number: await self._make_message(material) for number, material in plan.ready.items()}
        for material in plan.ready.values():
            metrics.MESSAGES.labels("missing" if material.missing else "complete").inc()
        await self._store.write(lambda c: self._write(c, recorded, plan, messages))
        _log.info("messages.made", messages=len(messages), waiting=len(plan.later))
        return len(messages)

    async def _figures(self, requests: Sequence[MailRequest]) -> list[Figures] | None:
        """Ask accounting once for each cluster; None if it does not answer."""
        ids: dict[str, set[int]] = {}
        for request in requests:
            mine = ids.setdefault(request.cluster, set())
            mine.add(request.job_id)
            if request.array and request.array.task is None:
                mine.add(request.array.array_id)
        since = min(request.received for request in requests) - _LATE
        try:
            figures = [
                one for cluster, asked in ids.items() for one in await self._accounting(cluster, sorted(asked), since)
            ]
        except SlurmError as error:
            metrics.ACCOUNTING_CALLS.labels("failed").inc()
            if self._accounting_failed != error.message:
                _log.warning("accounting.failed", error=error.message, mails=len(requests))
            self._accounting_failed = error.message
            return None
        metrics.ACCOUNTING_CALLS.labels("answered").inc()
        if self._accounting_failed:
            _log.info("accounting.answers_again")
            self._accounting_failed = ""
        return figures

    def _write(
        self, connection: Connection, recorded: Sequence[Recorded], plan: _Plan, messages: Mapping[int, Message]
    ) -> None:
        now = self._store.clock.now()
        told = _told_already(connection, recorded, plan)
        if told:
            why = "the watcher had already told, since this mail came late"
            deliveries.drop_waiting(connection, sorted(told), Reason.DUPLICATE, why, now)
        made = {number: message for number, message in messages.items() if number not in told}
        decisions = decided(
            connection, recorded, made, plan.ready, Clock(now, self._settings.zone, self._settings.gather)
        )
        witnessed = [
            event
            for item in recorded
            if item.id in plan.ready and (event := witnessed_event(item.event, plan.ready[item.id])) is not None
        ]
        self._events.append(connection, witnessed)
        given = {number: Made(message.model_dump_json(), urgency(message)) for number, message in made.items()}
        deliveries.give_messages(connection, given, now)
        deliveries.hold_for_digest(connection, decisions.held)
        deliveries.leave_out(connection, decisions.left_out, now)
        deliveries.look_again(connection, plan.later)


def decide(
    requests: Mapping[int, MailRequest],
    figures: Sequence[Figures] | None,
    since: Mapping[int, float],
    now: float,
    settings: ComposeSettings,
) -> _Plan:
    """Decide which messages can be made now, and when to look again at the others (event number -> time)."""
    by_id: dict[int, list[Figures]] = {}
    for figure in figures or ():
        by_id.setdefault(figure.attempt.job_id, []).append(figure)
        if figure.array is not None and figure.array.array_id != figure.attempt.job_id:
            by_id.setdefault(figure.array.array_id, []).append(figure)
    several = len({figure.attempt.cluster for figure in figures or ()}) > 1
    plan = _Plan()
    for number, request in requests.items():
        asked = [*by_id.get(request.job_id, ())]
        if request.array is not None and request.array.array_id != request.job_id:
            asked.extend(by_id.get(request.array.array_id, ()))
        if several:
            asked = [one for one in asked if one.attempt.cluster == request.cluster]
        material = Material(request, choose(request, asked), tuple(tasks_of(request, asked)))
        age = now - since[number]
        left = worth_waiting(material, settings) - age
        if left > 0:
            plan.later[number] = now + min(left, max(settings.gap, age))
        elif sufficient(material):
            plan.ready[number] = material
        else:
            tasks = () if contradicted(material) else material.tasks
            plan.ready[number] = replace(material, tasks=tasks, missing=True)
    return plan


def worth_waiting(material: Material, settings: ComposeSettings) -> float:
    """Return for how many seconds, from when it was owed, better figures than these are waited for."""
    if not sufficient(material):
        return patience(material.request, settings)
    return _BONES if bare(material) else 0.0


def patience(request: MailRequest, settings: ComposeSettings) -> float:
    """Return how long figures are waited for: a mail about a job that goes on is not worth a long wait."""
    return settings.wait if request.kind.final else min(settings.wait, 10.0)


def sufficient(material: Material) -> bool:
    """Say whether accounting has told what a message about this request should hold."""
    request, figures = material.request, material.figures
    if request.scope is MailScope.ARRAY_SUMMARY and request.kind.final:
        return bool(material.tasks) and all(task.complete for task in material.tasks) and not contradicted(material)
    if figures is None:
        return False
    if request.kind.final:
        return figures.complete
    if request.kind is MailKind.BEGAN:
        return figures.started is not None
    return True


def contradicted(material: Material) -> bool:
    """Whether Slurm's summary of an array tells of a failure that no task in accounting shows (yet)."""
    request = material.request
    failed = request.kind is MailKind.FAILED or request.mixed or bool(request.exit_code) or bool(request.signal)
    summary = request.scope is MailScope.ARRAY_SUMMARY and request.kind.final
    return summary and failed and all(task.state is JobState.COMPLETED for task in material.tasks)


def bare(material: Material) -> bool:
    """Whether accounting may hold the bones of a record only, as right after a start: it fills them in seconds later.

    Where users have no association, QOS stays "Unknown" for ever: this is a reason to wait a little, no more.
    """
    known = material.tasks or ((material.figures,) if material.figures is not None else ())
    return any(figures.cpus == 0 or figures.qos.lower() == "unknown" for figures in known)


def witnessed_event(asked: Event, material: Material) -> Event | None:
    """Return the event of the job that a mail witnesses, if it is known which attempt it is about."""
    request, figures = material.request, material.figures
    kind = WITNESSED.get(request.kind)
    if (
        asked.kind is not EventKind.MAIL_REQUESTED
        or kind is None
        or figures is None
        or request.scope is MailScope.ARRAY_SUMMARY
    ):
        return None
    at = figures.started if kind is EventKind.JOB_STARTED else figures.ended
    data: dict[str, str | int | None] = {
        "name": request.name or figures.name,
        "partition": figures.partition,
        "label": label(request),
    }
    if kind is EventKind.JOB_ENDED:
        if not figures.state.terminal:
            return None
        data |= {"state": figures.state.text, "exit_code": figures.exit.code, "signal": figures.exit.signal}
    return Event(
        key=attempt_key(kind, figures.attempt),
        kind=kind,
        time=asked.time if at is None else at,
        subject=asked.subject,
        source=Source.MAIL,
        cluster=figures.attempt.cluster,
        job_id=figures.attempt.job_id,
        array_id=figures.array.array_id if figures.array else None,
        user=figures.user,
        data=dict(data),
    )


def _told_already(connection: Connection, recorded: Sequence[Recorded], plan: _Plan) -> set[int]:
    """Return those mails whose loss the watcher had already made good."""
    keys: dict[str, int] = {}
    for item in recorded:
        material = plan.ready.get(item.id)
        mail = item.event.kind is EventKind.MAIL_REQUESTED and item.event.source is Source.MAIL
        if mail and material is not None and material.figures is not None:
            keys[_lost_key(material, material.figures)] = item.id
    return {keys[key] for key in journal.ids(connection, list(keys))}


def _lost_key(material: Material, figures: Figures) -> str:
    """Return the key under which the watcher would have told of the same mail."""
    request, attempt = material.request, figures.attempt
    if request.scope is MailScope.ARRAY_SUMMARY and request.array is not None and material.tasks:
        first = min(task.attempt.submitted for task in material.tasks)
        attempt = Attempt(attempt.cluster, request.array.array_id, first)
    return lost_mail_key(attempt, request.kind, request.scope)
