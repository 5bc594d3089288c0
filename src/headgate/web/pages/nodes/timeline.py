"""What became of a node, in words: its events, each with the executions that it began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from headgate.model.event import JSON, EventKind
from headgate.store.journal import Recorded
from headgate.store.node_history import ExecutionAbout

_TOLD: Final = {
    EventKind.NODE_DOWN: ("Went down", "bad"),
    EventKind.NODE_UP: ("Came up", "good"),
    EventKind.NODE_DRAINING: ("Drains: takes no new jobs, and has some", "care"),
    EventKind.NODE_DRAINED: ("Drained: takes no new jobs, and has none", "care"),
    EventKind.NODE_RESUMED: ("Takes jobs again", "good"),
    EventKind.NODE_FAIL: ("Is about to fail: takes no new jobs", "bad"),
    EventKind.NODE_NOT_RESPONDING: ("Does not answer", "bad"),
    EventKind.NODE_RESPONDING: ("Answers again", "good"),
    EventKind.NODE_REBOOTED: ("Rebooted", "busy"),
    EventKind.NODE_RESERVED: ("Reserved", "busy"),
    EventKind.NODE_UNRESERVED: ("Not reserved any more", "calm"),
    EventKind.NODE_POWER: ("Power", "calm"),
    EventKind.NODE_REASON_CHANGED: ("Has another reason", "calm"),
}
_ENDS: Final = frozenset({EventKind.NODE_UP, EventKind.NODE_RESUMED})


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry. ``reason`` and ``user`` are anybody's text; ``state`` is before and after, in Slurm's words."""

    at: float
    kind: str
    words: str
    tone: str
    reason: str = ""
    user: str = ""
    was: bool = False
    """Whether the reason held until then."""
    state: str = ""
    more: str = ""
    executions: tuple[ExecutionAbout, ...] = field(default=())


def timeline(recorded: Sequence[Recorded], executions: Sequence[ExecutionAbout]) -> list[Moment]:
    """Return the entries, newest first."""
    by_event: dict[int, list[ExecutionAbout]] = {}
    for one in executions:
        by_event.setdefault(one.event_id, []).append(one)
    made = [_moment(one, tuple(by_event.get(one.id, ()))) for one in recorded]
    return sorted(made, key=lambda moment: moment.at, reverse=True)


def _moment(one: Recorded, began: tuple[ExecutionAbout, ...]) -> Moment:
    event = one.event
    words, tone = _TOLD.get(event.kind, (event.kind.value, "calm"))
    data = event.data
    return Moment(
        at=event.time,
        kind=event.kind.value,
        words=words,
        tone=tone,
        reason=_text(data.get("reason")),
        user=_text(data.get("reason_user")),
        was=event.kind in _ENDS,
        state=_states(data.get("old_state"), data.get("old_flags"), data.get("state"), data.get("flags")),
        more=_more(data),
        executions=began,
    )


def _states(old: JSON, old_flags: JSON, new: JSON, flags: JSON) -> str:
    before, after = _state(old, old_flags), _state(new, flags)
    if not before or not after or before == after:
        return after or before
    return f"{before} → {after}"


def _state(base: JSON, flags: JSON) -> str:
    words = [base, *(flags if isinstance(flags, list) else ())] if isinstance(base, str) else []
    return "+".join(str(word) for word in words)


def _more(data: object) -> str:
    if not isinstance(data, dict):
        return ""
    parts = []
    if _text(data.get("reservation")):
        parts.append(f"reservation {data['reservation']}")
    if _text(data.get("old_reason")):
        parts.append(f"before: {data['old_reason']}")
    if "asked_for" in data:
        parts.append("Slurm had been asked for it" if data["asked_for"] else "Slurm had not been asked for it")
    return "; ".join(parts)


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""
