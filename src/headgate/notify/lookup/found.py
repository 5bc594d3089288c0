"""What a lookup says about a name, and what may be a target at all. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from headgate.model.recipient import MAX_TARGET

_USER_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\$?")


@dataclass(frozen=True, slots=True)
class Found:
    """The target, and which source knew it (``ldap``)."""

    target: str
    by: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """No source knows the name; all of them were asked."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A source did not answer, or answered what cannot be used: nothing is known about the name.

    ``detail`` is fit for operators: bounded, without secrets. ``transient``: asking again later may help by itself;
    else somebody has to put something right first.
    """

    detail: str
    transient: bool


Answer = Found | NotFound | Failed


def is_user_name(text: str) -> bool:
    """Say whether this may be the name of a Unix account; nothing else is ever looked up."""
    return _USER_NAME.fullmatch(text) is not None


def target_or_why(value: object) -> str | Failed | None:
    """Return a source's value as a target; None if it is empty; or why it cannot be one.

    Numbers are taken, since chats have numbers for names.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return Failed(f"gave a {type(value).__name__} for a target", transient=False)
    text = value.strip(" ")
    if not text:
        return None
    if len(text) > MAX_TARGET:
        return Failed(f"gave a target of {len(text)} characters (at most {MAX_TARGET} are taken)", transient=False)
    if not text.isprintable():
        return Failed("gave a target with control characters", transient=False)
    return text


def answer_of(value: object, by: str) -> Answer:
    """Return what a source's value for one name means; None is that it knows none."""
    if value is None:
        return NotFound()
    read = target_or_why(value)
    if isinstance(read, Failed):
        return Failed(f"{by} {read.detail}", read.transient)
    return NotFound() if read is None else Found(read, by)
