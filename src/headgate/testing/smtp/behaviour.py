"""What a mail server can be told to do instead of what it should."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Step(enum.StrEnum):
    """A moment of an SMTP conversation at which the server has to say something."""

    GREETING = "greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    """Before the mail itself is asked for (354)."""
    BODY = "body"
    """After the mail itself was received: the answer that accepts it."""
    RSET = "RSET"


@dataclass(frozen=True, slots=True)
class Say:
    """Answer this, for example ``450 4.2.0 greylisted``, instead of doing the step."""

    text: str


@dataclass(frozen=True, slots=True)
class SayRaw:
    """Send these bytes instead of an answer."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing, and keep the connection open until the sink ends."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection (TCP RST)."""


@dataclass(frozen=True, slots=True)
class KeepThenReset:
    """At ``Step.BODY``: keep the mail, then break the connection without having said so."""


Behaviour = Say | SayRaw | Hang | Reset | KeepThenReset
