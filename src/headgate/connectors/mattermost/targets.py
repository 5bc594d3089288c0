"""What may be written to on Mattermost, and how it is written. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from headgate.errors import RecipientError

_ID = re.compile(r"[a-z0-9]{26}")
"""The server's ids: https://developers.mattermost.com/api-documentation/, schemas Channel and User."""
_PERSON = re.compile(r"@([a-z0-9][a-z0-9._-]{0,63})")
_NAMED = re.compile(r"([a-z0-9][a-z0-9-]{0,63})/([a-z0-9][a-z0-9_-]{0,63})")


@dataclass(frozen=True, slots=True)
class ChannelId:
    """A channel by its id; also a direct channel, which a person and the bot share."""

    channel: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's direct channel with the bot."""

    name: str


@dataclass(frozen=True, slots=True)
class NamedChannel:
    """A channel by the names that stand in its address."""

    team: str
    channel: str


Target = ChannelId | Person | NamedChannel


def read_target(text: str) -> Target:
    """Read a target: a channel's id, ``@username`` or ``team/channel``. Raises RecipientError for anything else."""
    lowered = text.lower()
    if _ID.fullmatch(lowered):
        return ChannelId(lowered)
    if person := _PERSON.fullmatch(lowered):
        return Person(person[1])
    if named := _NAMED.fullmatch(lowered):
        return NamedChannel(named[1], named[2])
    raise RecipientError(f"{text[:64]!a} is no Mattermost channel id, @username or team/channel")


def written(target: Target) -> str:
    """Return a target in the one form it is stored and shown in."""
    match target:
        case ChannelId(channel):
            return channel
        case Person(name):
            return f"@{name}"
        case NamedChannel(team, channel):
            return f"{team}/{channel}"


def is_id(text: object) -> bool:
    """Whether this is an id as the server makes them."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None
