"""Whether and when a message goes to somebody, as they wish: preferences, subscriptions, and never twice."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from sqlalchemy import Connection

from headgate.model.delivery import DeliveryState, Priority, Reason
from headgate.model.event import EventKind
from headgate.model.mail import MailKind, MailScope
from headgate.model.message import Message, Outcome
from headgate.model.person import FAILURES, Preferences, SubscriptionFilter
from headgate.notify.material import Material
from headgate.store import deliveries, people
from headgate.store.deliveries import Waiting
from headgate.store.journal import Recorded

_JOB_EVENTS = (EventKind.JOB_STARTED, EventKind.JOB_ENDED)
_TOLD = (DeliveryState.READY, DeliveryState.SENDING, DeliveryState.DELIVERED, DeliveryState.FOLDED)
_OWED = (DeliveryState.WAITING, *_TOLD)
_DAYS = 2 * 86400.0
"""Seconds within which a mail and an event of the same job id are about the same."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is (seconds since the epoch), and by which clock people's days go (None: the host's)."""

    now: float
    zone: tzinfo | None = None
    gather: float = 60.0
    """Seconds; what is folded in any case goes out at multiples of it, so that there is something to fold."""


@dataclass(slots=True)
class Decisions:
    """What is not simply sent: deliveries held until a time, and those left out (numbers)."""

    held: dict[int, float] = field(default_factory=dict)
    left_out: dict[int, tuple[Reason, str]] = field(default_factory=dict)


def urgency(message: Message) -> Priority:
    """Return how urgent a message is."""
    if message.outcome in FAILURES:
        return Priority.FAILURE
    return Priority.START if message.outcome is Outcome.STARTED else Priority.END


def decided(
    connection: Connection,
    recorded: Sequence[Recorded],
    messages: Mapping[int, Message],
    material: Mapping[int, Material],
    clock: Clock,
) -> Decisions:
    """Decide about every delivery that waits for one of these messages (by event number)."""
    result = Decisions()
    waiting = deliveries.waiting_of(connection, list(messages))
    preferred = people.preferences_of(connection, {item.person for item in waiting if item.person})
    twice = _told_twice(connection, recorded, waiting, material, clock.now)
    for item in waiting:
        message = messages[item.event_id]
        own = preferred.get(item.person)
        unwanted = _unwanted(item, message, material[item.event_id], own)
        if item.id in twice:
            result.left_out[item.id] = (Reason.DUPLICATE, twice[item.id])
        elif unwanted:
            result.left_out[item.id] = (Reason.NOT_WANTED, unwanted)
        elif (until := _held(item, own, clock)) is not None:
            result.held[item.id] = until
    return result


def _held(item: Waiting, own: Preferences | None, clock: Clock) -> float | None:
    """Return until when a message is held, to be told in one with others."""
    wished = own.held_until(clock.now, clock.zone) if own is not None else None
    gathered = math.ceil(clock.now / clock.gather) * clock.gather if item.fold else None
    return max((until for until in (wished, gathered) if until is not None), default=None)


def _unwanted(item: Waiting, message: Message, material: Material, own: Preferences | None) -> str:
    """Return why somebody does not want to be told; empty if they do."""
    if own is not None and not own.wants(message.outcome):
        return f"{item.person} does not want to be told of this outcome: {message.outcome.value}"
    if item.subscription is not None and material.request.kind.final:
        chosen = SubscriptionFilter.model_validate_json(item.subscription)
        elapsed = float(material.figures.elapsed) if material.figures is not None else None
        # Without figures nobody can say that it ran too short: better told than not.
        if chosen.wants_end(failed=message.outcome in FAILURES, elapsed=elapsed) is False:
            return f"{item.person} subscribed to longer jobs"
    return ""


def _told_twice(
    connection: Connection,
    recorded: Sequence[Recorded],
    waiting: Sequence[Waiting],
    material: Mapping[int, Material],
    now: float,
) -> dict[int, str]:
    """Return those deliveries whose person is told the same by another one, and by which.

    A mail that is owed goes before what a subscription asks for; a mail that comes after the subscription has told
    says nothing new. What was told of an earlier attempt, before this one began, is not the same.
    """
    events = {item.id: item.event for item in recorded}
    asked = [events[item.event_id] for item in waiting]
    mailed = sorted({event.job_id or 0 for event in asked if event.kind is EventKind.MAIL_REQUESTED})
    subscribed = sorted({event.job_id or 0 for event in asked if event.kind in _JOB_EVENTS})
    since = min(now, *(event.time for event in events.values())) - _DAYS
    told = {
        EventKind.MAIL_REQUESTED: _moments(connection, mailed, _JOB_EVENTS, _TOLD, since),
        EventKind.JOB_ENDED: _moments(connection, subscribed, (EventKind.MAIL_REQUESTED,), _OWED, since),
    }
    told[EventKind.JOB_STARTED] = told[EventKind.JOB_ENDED]
    twice: dict[int, str] = {}
    for item in waiting:
        event = events[item.event_id]
        moment = (event.job_id or 0, item.connector, item.target, _moment(event.kind, event.data))
        if told[event.kind].get(moment, -math.inf) >= _began(material[item.event_id]):
            mail = event.kind is EventKind.MAIL_REQUESTED
            twice[item.id] = "a subscription has told the same" if mail else "a mail tells the same"
    return twice


def _began(material: Material) -> float:
    """Return when the attempt began that a message is about, in Slurm's whole seconds; 0 if that is not known."""
    figures = material.figures
    return 0.0 if figures is None or figures.started is None else figures.started - 1.0


def _moments(
    connection: Connection,
    jobs: Sequence[int],
    kinds: Sequence[EventKind],
    states: Sequence[DeliveryState],
    since: float,
) -> dict[tuple[int, str, str, str], float]:
    """Return (job id, connector, target, moment) of what is told about jobs because of events of these kinds.

    With each, the time of the latest such event.
    """
    moments: dict[tuple[int, str, str, str], float] = {}
    told = deliveries.told_of(connection, jobs, kinds, states, since) if jobs else []
    for job, connector, target, kind, data, at in told:
        moment = (job, connector, target, _moment(kind, json.loads(data)))
        moments[moment] = max(at, moments.get(moment, at))
    return moments


def _moment(kind: EventKind, data: Mapping[str, object]) -> str:
    """Return which moment of a job an event is about: its start, its end; a name of its own for anything else."""
    if kind is not EventKind.MAIL_REQUESTED:
        return "end" if kind is EventKind.JOB_ENDED else "start"
    if data.get("scope") == MailScope.ARRAY_SUMMARY.value:
        return "summary"
    asked = MailKind(str(data["kind"]))
    return "end" if asked.final else "start" if asked is MailKind.BEGAN else asked.value
