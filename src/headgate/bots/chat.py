"""The words between a conversation and the service it is held in: what somebody said, and what is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

MAX_COMMAND = 60
"""Octets of a button's command; Telegram takes 64."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something said to the bot, or a button of its pressed.

    Only what is meant for the bot becomes one: said in private, or with its name or trigger. Every text is untrusted.
    """

    identity: str
    """The service's own, lasting id of the person (never a display name)."""
    name: str
    """What the person is called there."""
    place: str
    """Where it was said, as the connector's target: what follows ``--mail-user=NAME:``."""
    private: bool
    """Whether nobody but the person and the bot reads there."""
    text: str
    """What was said, without the mention or trigger; the button's ``command`` if one was pressed."""
    pressed: bool = False
    """Whether a button was pressed."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button under an answer; pressing it says ``command``."""

    label: str
    command: str
    """At most ``MAX_COMMAND`` octets of printable ASCII."""
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answers. Plain text that the listener escapes; it may hold texts from jobs."""

    text: str
    """Some lines; a line may begin with ``- ``."""
    code: str = ""
    """Shown below the text in fixed width: a table, the end of an output, a ``--mail-user=`` line."""
    buttons: tuple[Button, ...] = ()
    discreet: bool = False
    """Meant for the person alone: where the place is not private, say it in private if the service can, else not."""


Converse = Callable[[Incoming], Awaitable[Answer | None]]
"""Answers; None: say nothing. Raises nothing but CancelledError."""


class Memory(Protocol):
    """Where a listener keeps its place in the service's stream over restarts (a sync token, an update number)."""

    async def recall(self) -> str | None:
        """Return what was kept last."""

    async def keep(self, value: str) -> None:
        """Keep this."""


class Listener(Protocol):
    """Listens in one service as a bot."""

    async def run(self, converse: Converse) -> None:
        """Connect, and answer whoever speaks to the bot, until cancelled.

        Raises BotError when the connection is lost, with ``transient`` false if it can never be made (a refused
        token); the caller connects again with a back-off. One person's message never ends it.
        """
