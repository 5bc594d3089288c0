"""Whom a message can be for: a channel's id, or ``user/`` and a person's id. Pure.

Ids are snowflakes: https://discord.com/developers/docs/reference#snowflakes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from headgate.errors import RecipientError

_SNOWFLAKE = re.compile(r"[1-9][0-9]{14,18}")
_LAST = 2**63 - 1
_PERSON = "user/"


@dataclass(frozen=True, slots=True)
class Target:
    """A channel (also a thread, or a private channel that is open already), or a person to be written to in private."""

    id: str
    person: bool = False

    def __str__(self) -> str:
        """Return it as users write it."""
        return f"{_PERSON}{self.id}" if self.person else self.id


def read_target(text: str) -> Target:
    """Read a target. Raises RecipientError for what no channel or person of Discord's is called."""
    target = Target(text.removeprefix(_PERSON), person=text.startswith(_PERSON))
    if not is_id(target.id):
        raise RecipientError(f"{text[:64]!a} is no channel's id of Discord, nor user/ and a person's id")
    return target


def is_id(value: object) -> bool:
    """Whether this is an id of Discord's, as text."""
    return isinstance(value, str) and _SNOWFLAKE.fullmatch(value) is not None and int(value) <= _LAST
