"""What is new, read from an answer of ``/sync`` (client-server API, "Syncing"). Pure; every text is untrusted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headgate.connectors.matrix.identifiers import is_room, is_user
from headgate.connectors.matrix.standing import events_of, member_events

MAX_SAID = 4000
"""Characters of what was said that are looked at."""
_NOTHING: dict[str, Any] = {"types": []}
_HEARD = ["m.room.message", "m.room.member", "m.room.encryption", "m.room.encrypted"]


@dataclass(frozen=True, slots=True)
class Said:
    """A text somebody wrote. ``age``: seconds since then, by the homeserver's clock."""

    room: str
    event: str
    sender: str
    body: str
    html: str
    mentioned: frozenset[str]
    age: float


@dataclass(frozen=True, slots=True)
class Invitation:
    """We are invited to a room."""

    room: str
    by: str
    encrypted: bool


@dataclass(frozen=True, slots=True)
class News:
    """What an answer tells. ``place`` is where to go on from."""

    place: str
    said: tuple[Said, ...]
    invitations: tuple[Invitation, ...]
    changed: frozenset[str]
    """Rooms in which somebody came, went or was invited."""
    encrypted: frozenset[str]
    """Rooms we are in that are encrypted."""


def filter_of_bot(*, history: bool) -> str:
    """Return the filter of ``/sync`` for a bot; without ``history`` only what states a room is in."""
    timeline = {"types": _HEARD, "limit": 50} if history else {"types": _HEARD[2:], "limit": 1}
    room = {"timeline": timeline, "state": {"types": ["m.room.encryption"]}}
    return json.dumps(
        {
            "room": {**room, "ephemeral": _NOTHING, "account_data": _NOTHING},
            "presence": _NOTHING,
            "account_data": _NOTHING,
        }
    )


def news_in(content: Mapping[str, Any], user: str) -> News:
    """Read an answer, for the account ``user``. Raises ValueError if it is none."""
    place = content.get("next_batch")
    if not isinstance(place, str) or not place:
        raise ValueError("no next_batch")
    joined = [(room, event) for room, part in _rooms(content, "join") for event in _of_joined(part)]
    invitations = (_invitation(room, part, user) for room, part in _rooms(content, "invite"))
    return News(
        place=place,
        said=tuple(said for room, event in joined if (said := _said(room, event)) and said.sender != user),
        invitations=tuple(invitation for invitation in invitations if invitation),
        changed=frozenset(room for room, event in joined if event.get("type") == "m.room.member"),
        encrypted=frozenset(
            room for room, event in joined if event.get("type") in ("m.room.encryption", "m.room.encrypted")
        ),
    )


def _rooms(content: Mapping[str, Any], membership: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    rooms = content.get("rooms")
    kept = rooms.get(membership) if isinstance(rooms, dict) else None
    for room, part in kept.items() if isinstance(kept, dict) else ():
        if is_room(room) and isinstance(part, dict):
            yield room, part


def _of_joined(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from events_of(part.get("state"))
    yield from events_of(part.get("timeline"))


def _invitation(room: str, part: Mapping[str, Any], user: str) -> Invitation | None:
    state = part.get("invite_state")
    by = next((event.get("sender") for event in member_events(state, user)), None)
    if not isinstance(by, str) or not is_user(by):
        return None
    return Invitation(room, by, any(event.get("type") == "m.room.encryption" for event in events_of(state)))


def _said(room: str, event: Mapping[str, Any]) -> Said | None:
    """Read an event as something said to be answered: a plain text of a person, and no correction of an older one.

    Other bots speak in ``m.notice``, which is never answered (client-server API, "m.notice").
    """
    sender, name, content = event.get("sender"), event.get("event_id"), event.get("content")
    if event.get("type") != "m.room.message" or not isinstance(content, dict) or content.get("msgtype") != "m.text":
        return None
    relation, body = content.get("m.relates_to"), content.get("body")
    if isinstance(relation, dict) and relation.get("rel_type") == "m.replace":
        return None
    if not isinstance(sender, str) or not is_user(sender) or not isinstance(name, str) or not isinstance(body, str):
        return None
    html = content.get("formatted_body")
    unsigned = event.get("unsigned")
    age = unsigned.get("age") if isinstance(unsigned, dict) else None
    return Said(
        room=room,
        event=name[:255],
        sender=sender,
        body=body[:MAX_SAID],
        html=html[:MAX_SAID] if isinstance(html, str) else "",
        mentioned=_mentioned(content.get("m.mentions")),
        age=age / 1000 if isinstance(age, int | float) else 0.0,
    )


def _mentioned(mentions: object) -> frozenset[str]:
    users = mentions.get("user_ids") if isinstance(mentions, dict) else None
    return frozenset(user for user in users[:50] if isinstance(user, str)) if isinstance(users, list) else frozenset()
