"""What a connector is: it turns a message into one service's form, and sends it once.

A connector never retries, throttles, spools or logs secrets: the pipeline does the first three for all of them.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from headgate.model.delivery import Reason
from headgate.model.event import Event
from headgate.model.message import Message

Commit = Callable[[], Awaitable[None]]
"""Awaited by ``Connector.send`` just before the step that cannot be taken back (an SMTP server accepting the data).
For a connector that is not ``repeat_safe`` it lets one send at a time pass, until that send is recorded, so that a
crash can double at most one message."""


class Scope(enum.Enum):
    """Whom a failure concerns."""

    RECIPIENT = "recipient"
    """This target only; others may well get through."""
    CONNECTOR = "connector"
    """The whole service: there is no point in trying its other targets now."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The service took the message. ``reference`` is the service's own name for it, if it gave one."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Not delivered, but a later attempt may succeed. ``after``: seconds the service asked us to wait, if it did.

    ``detail`` is shown to operators: what the service said, bounded, without secrets.
    """

    reason: Reason
    detail: str
    after: float | None = None
    scope: Scope = Scope.RECIPIENT


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Not delivered, and the same message to the same target never will be."""

    reason: Reason
    detail: str


Outcome = Delivered | TryAgain | GiveUp


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a connector is given to send.

    ``key`` is stable over every attempt of the same delivery and unique among deliveries (ASCII letters, digits and
    ``-``, at most 64): use it as the service's idempotency key, transaction id or Message-ID.
    """

    target: str
    message: Message
    key: str
    events: tuple[Event, ...] = ()
    """What the message is about; given only to a connector that ``wants_events``."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """What a connector would send, to be looked at instead of being sent."""

    payload: str
    """What the service would be given, in full: JSON with an indent, a mail as text."""
    suffix: str
    """What a file with the payload is called: ``.json``, ``.eml``."""
    html: str = ""
    """A whole page that shows the payload about as the service would; made from the payload alone."""
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """Pictures that go with it: file name -> PNG."""


@runtime_checkable
class Renders(Protocol):
    """A connector that can show what it would send; every connector of Headgate's own can."""

    def render(self, envelope: Envelope) -> Rendition:
        """Return what ``send`` would hand over. No I/O, no secret in it. Raises RecipientError for a bad target."""


DIGEST_ROOM = 100_000
"""Characters of a digest's lines that a connector shows which does not say otherwise."""


class Connector(Protocol):
    """One configured way to reach people.

    A connector whose service takes short messages only has an attribute ``digest_room``: how many characters of a
    digest's lines it can show, and ``digest_lines`` if it is their number that counts. More are told in further
    digests, so that none is cut.
    """

    @property
    def name(self) -> str:
        """The name in the configuration and in recipients (``mailto``)."""

    @property
    def repeat_safe(self) -> bool:
        """Whether the service, given the same ``key`` twice, shows the message once."""

    @property
    def wants_events(self) -> bool:
        """Whether it tells programs, which want the events beside the message."""

    def check_target(self, target: str) -> str:
        """Return the target as it is to be used (``ada`` may become ``ada@example.org``).

        Raises RecipientError with what is wrong if this connector will never send to it.
        """

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Send once and say how it went. Raises nothing but CancelledError; times out by itself."""

    async def aclose(self) -> None:
        """Close connections. Called once; no send is under way."""
