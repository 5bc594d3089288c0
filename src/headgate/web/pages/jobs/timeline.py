"""A job's time line: every event and every message about it, in words, by time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from headgate.events.mail_events import mail_request
from headgate.gateway.following import HOOKS
from headgate.model.delivery import DeliveryState
from headgate.model.event import JSON, Event, EventKind
from headgate.model.mail import MailKind
from headgate.model.right import Right
from headgate.model.text import one_line
from headgate.store.deliveries import Delivery
from headgate.store.job_story import Story
from headgate.store.journal import Recorded
from headgate.web.pages import words
from headgate.web.pages.visitor import Visitor

_LONG: Final = 300
_SHORT: Final = 80
_TITLES: Final[Mapping[EventKind, str]] = {
    EventKind.JOB_SUBMITTED: "Submitted",
    EventKind.JOB_STARTED: "Started",
    EventKind.JOB_SUSPENDED: "Suspended",
    EventKind.JOB_RESUMED: "Runs again",
    EventKind.JOB_REQUEUED: "Put back into the queue",
    EventKind.JOB_ENDED: "Ended",
    EventKind.MAIL_REQUESTED: "Slurm asked for a mail",
}
_TONES: Final[Mapping[EventKind, str]] = {
    EventKind.JOB_STARTED: "busy",
    EventKind.JOB_RESUMED: "busy",
    EventKind.JOB_SUSPENDED: "care",
    EventKind.JOB_REQUEUED: "care",
}
_MAILS: Final[Mapping[MailKind, str]] = {
    MailKind.BEGAN: "it began",
    MailKind.ENDED: "it ended",
    MailKind.FAILED: "it failed",
    MailKind.REQUEUED: "it was put back into the queue",
    MailKind.INVALID_DEPENDENCY: "its dependency can never be met",
    MailKind.STAGED_OUT: "its data is staged out",
    MailKind.TIME_LIMIT: "it reached its time limit",
    MailKind.TIME_LIMIT_90: "90 % of its time limit is over",
    MailKind.TIME_LIMIT_80: "80 % of its time limit is over",
    MailKind.TIME_LIMIT_50: "half of its time limit is over",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. ``tone``: as in ``words.tone``; ``state``: of a message; ``subject``: of an array's task."""

    time: float
    tone: str
    title: str
    detail: str = ""
    state: str = ""
    seen_by: str = ""
    subject: str = ""
    delivery: int | None = None


def timeline(story: Story, visitor: Visitor, *, newest_first: bool = True) -> list[Entry]:
    """Return the entries that a visitor may see."""
    entries = [entry for one in story.events for entry in _entries(one, story, visitor)]
    ordered = sorted(entries, key=lambda one: one.time)
    return ordered[::-1] if newest_first else ordered  # what is of one second in its order, too


def _entries(recorded: Recorded, story: Story, visitor: Visitor) -> Iterator[Entry]:
    event = recorded.event
    detail = _detail(event)
    seen = ", ".join(source.value for source in recorded.witnesses)
    title = _TITLES.get(event.kind, event.kind.value)
    yield Entry(event.time, _tone(event), title, one_line(detail, _LONG), "", seen, one_line(event.subject, _SHORT))
    if visitor.has(Right.SEE_DELIVERIES) or (event.user and event.user == visitor.user):
        for one in story.deliveries.get(recorded.id, ()):
            yield _message(one, event)


def _tone(event: Event) -> str:
    if event.kind is EventKind.JOB_ENDED:
        return words.tone(event.data.get("state", ""))
    return _TONES.get(event.kind, "calm")


def _detail(event: Event) -> str:
    data = event.data
    match event.kind:
        case EventKind.JOB_STARTED:
            return f"on {data['nodes']}" if data.get("nodes") else ""
        case EventKind.JOB_ENDED:
            return ", ".join(_ending(data))
        case EventKind.MAIL_REQUESTED:
            request = mail_request(event)
            said = _MAILS[request.kind]
            return f"{said}; to {request.receivers}" if request.receivers else said
    return ""


def _ending(data: Mapping[str, JSON]) -> Iterator[str]:
    state = data.get("state")
    if isinstance(state, str) and state:
        yield state.lower().replace("_", " ")
    if data.get("exit_code") is not None:
        yield f"exit code {data['exit_code']}"
    if data.get("signal"):
        yield f"signal {data['signal']}"
    reason = data.get("reason")
    if isinstance(reason, str) and reason and reason != "None":
        yield reason


def _message(one: Delivery, event: Event) -> Entry:
    hook = one.connector == HOOKS
    to = "an app's webhook" if hook else f"{one.connector}:{one.target}" if one.target else one.connector
    parts = [_title(one.message), one.reason.value.replace("_", " ") if one.reason else "", one.detail or ""]
    if one.attempts > 1 or (one.attempts and one.state is not DeliveryState.DELIVERED):
        parts.append(f"{one.attempts} failed {'attempt' if one.attempts == 1 else 'attempts'}")
    detail = "; ".join(part for part in parts if part)
    return Entry(
        one.finished_at or max(one.created_at, event.time),
        words.tone(one.state),
        f"Message to {one_line(to, _SHORT)}",
        one_line(detail, _LONG) if detail else "",
        one.state.value,
        delivery=one.id,
    )


def _title(message: str | None) -> str:
    if message is None:
        return ""
    title = json.loads(message).get("title", "")
    return title if isinstance(title, str) else ""
