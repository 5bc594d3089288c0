"""What rooms and people are called in Matrix (client-server API, appendices, "Identifier Grammar"). Pure.

Narrower than the grammar where that is historical: what no server of today makes is no target.
"""

from __future__ import annotations

import re

MAX_OCTETS = 255
"""Of an identifier with its sigil and server."""
_SERVER = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,228}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
_ROOM = re.compile(rf"![A-Za-z0-9._~+/=-]{{1,200}}(?::{_SERVER})?")
# Room ids have had no server since room version 12.
_ALIAS = re.compile(rf"#[^\s:#@!\\\"'<>&`\x00-\x20\x7f-\xa0\ud800-\udfff]{{1,200}}:{_SERVER}")
_USER = re.compile(rf"@[a-z0-9._=/+-]{{1,200}}:{_SERVER}")


def is_room(text: str) -> bool:
    """Whether this is a room id: ``!opaque:server``, or ``!opaque`` alone."""
    return _fits(_ROOM, text)


def is_alias(text: str) -> bool:
    """Whether this is a room's alias: ``#name:server``."""
    return _fits(_ALIAS, text) and text.isprintable()


def is_user(text: str) -> bool:
    """Whether this is a user id: ``@name:server``."""
    return _fits(_USER, text)


def server_of(identifier: str) -> str:
    """Return the server's part of an identifier, empty if it has none."""
    return identifier.partition(":")[2]


def local_part(user: str) -> str:
    """Return what stands between ``@`` and the server in a user id."""
    return user.removeprefix("@").partition(":")[0]


def _fits(grammar: re.Pattern[str], text: str) -> bool:
    return len(text) <= MAX_OCTETS and bool(grammar.fullmatch(text)) and len(text.encode()) <= MAX_OCTETS
