"""What the suite asks of the one who plays the service."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Trouble(enum.StrEnum):
    """What a service may do with a message instead of taking it."""

    REFUSE_TARGET = "refuse the target for good"
    REFUSE_MESSAGE = "refuse the message for good"
    REFUSE_FOR_NOW = "refuse for now"
    BREAK_DOWN = "say that the whole service is down"
    REFUSE_CREDENTIALS = "refuse our credentials"
    SLOW_DOWN = "ask to slow down, for RETRY_AFTER seconds if the service can say so"
    HANG = "say nothing"
    RESET = "break the connection"
    GIBBERISH = "answer what is no answer"
    ENDLESS = "answer without end, or as much as the service's form allows"
    ECHO_SECRETS = "refuse for now, and repeat every secret it knows in the answer"


RETRY_AFTER = 7
"""Seconds asked for by ``Trouble.SLOW_DOWN``."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as the service got it. ``key``: that by which the service would know it again. ``size``: in octets."""

    target: str
    key: str
    size: int


class ScriptedService(Protocol):
    """A played service that listens on a real socket."""

    kind: str
    """The connector's kind, as in the registry."""
    settings: Mapping[str, object]
    """The settings of a connector that talks to this service, ``timeout`` excepted."""
    target: str
    """A target the service takes."""
    secrets: Sequence[str]
    """Texts from the settings that must never be shown: at least one."""
    says_when: bool
    """Whether the service's protocol has a way to say how long to wait."""

    def prepare(self, trouble: Trouble | None) -> None:
        """Say what happens to the next message; None takes it."""

    def seen(self) -> list[Seen]:
        """Return the messages that were taken, in order."""

    async def stop(self) -> None:
        """Refuse connections from now on. May be called twice."""
