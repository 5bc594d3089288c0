"""How an account stands in a room, read from an answer of ``/sync``. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headgate.model.text import one_line

Membership = Literal["join", "invite", "leave", "ban", "none"]
_NOTHING: dict[str, Any] = {"types": []}


@dataclass(frozen=True, slots=True)
class Standing:
    """How we stand in a room: ``none`` if we never were there, or the server will not say.

    ``by`` is who made it so: for ``leave`` ourselves, or whoever removed us.
    """

    membership: Membership
    by: str = ""
    reason: str = ""
    encrypted: bool = False
    """Whether the invitation says that the room is encrypted."""


def filter_for(room: str) -> str:
    """Return the filter of ``/sync`` that asks about one room, left ones too, and nothing else.

    Only ``/sync`` tells invited, removed, banned and never invited apart: all of them get the same M_FORBIDDEN from
    the room itself.
    """
    ours = {"types": ["m.room.member"], "limit": 1}
    about = {"rooms": [room], "include_leave": True, "timeline": ours, "state": {**_NOTHING}}
    return json.dumps(
        {
            "room": {**about, "ephemeral": _NOTHING, "account_data": _NOTHING},
            "presence": _NOTHING,
            "account_data": _NOTHING,
        }
    )


def standing_in(room: str, user: str, content: Mapping[str, Any]) -> Standing:
    """Read how ``user`` stands in a room."""
    rooms = _table(content.get("rooms"))
    if room in _table(rooms.get("join")):
        return Standing("join")
    if room in (invited := _table(rooms.get("invite"))):
        return _invited(user, invited[room])
    left = _table(_table(rooms.get("leave")).get(room))
    for event in [*member_events(left.get("timeline"), user), *member_events(left.get("state"), user)]:
        told = _table(event.get("content"))
        membership: Membership = "ban" if told.get("membership") == "ban" else "leave"
        return Standing(membership, _words(event.get("sender")), _words(told.get("reason")))
    return Standing("leave") if left else Standing("none")


def _invited(user: str, room: object) -> Standing:
    state = _table(room).get("invite_state")
    by = next((_words(event.get("sender")) for event in member_events(state, user)), "")
    encrypted = any(event.get("type") == "m.room.encryption" for event in events_of(state))
    return Standing("invite", by=by, encrypted=encrypted)


def events_of(where: object) -> Iterator[Mapping[str, Any]]:
    """Return the events in a part of an answer that holds ``events``."""
    events = _table(where).get("events")
    for event in events if isinstance(events, list) else []:
        if isinstance(event, dict):
            yield event


def member_events(where: object, user: str) -> Iterator[Mapping[str, Any]]:
    """Return the events that say how ``user`` stands, in a part of an answer that holds ``events``."""
    for event in events_of(where):
        if event.get("type") == "m.room.member" and event.get("state_key") == user:
            yield event


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(value: object) -> str:
    return one_line(value, 200) if isinstance(value, str) else ""
