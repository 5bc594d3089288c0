"""What a played broker may do with a message instead of taking it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Nack:
    """The message is not taken."""


@dataclass(frozen=True, slots=True)
class CloseChannel:
    """The channel is closed for a mistake in what was published."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class CloseConnection:
    """The whole connection is closed."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Hang:
    """Nothing is said any more on this connection."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """The message is never confirmed, and all else goes on: a quorum queue without its majority."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is broken (TCP RST)."""


@dataclass(frozen=True, slots=True)
class Raw:
    """These bytes are sent; then the connection is closed."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Endless:
    """A frame is announced that is four gigabytes long, and sent."""


Trouble = Nack | Ignore | CloseChannel | CloseConnection | Hang | Reset | Raw | Endless
