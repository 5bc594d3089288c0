"""What messages are made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from headgate.model.job import Figures
from headgate.model.mail import MailRequest
from headgate.model.message import Message


@dataclass(frozen=True, slots=True)
class Material:
    """Everything a message about a mail request is made from."""

    request: MailRequest
    figures: Figures | None
    tasks: tuple[Figures, ...] = ()
    missing: bool = False
    """Whether figures were waited for in vain."""


MakeMessage = Callable[[Material], Awaitable[Message]]
