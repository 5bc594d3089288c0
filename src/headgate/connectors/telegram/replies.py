"""An answer as the body of ``sendMessage``. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from headgate.bots.chat import Answer
from headgate.connectors.telegram.markup import Markup, exact, joined, plain, units
from headgate.connectors.telegram.rendering import LONGEST, body_of
from headgate.connectors.telegram.targets import Target
from headgate.model.text import ELLIPSIS, log_line, one_line

_TEXT = 1500
"""UTF-16 units of an answer's text; what is left is the code's."""
_LINE = 400


def reply_of(target: Target, answer: Answer, *, reply_to: int | None = None) -> dict[str, Any]:
    """Return the body of ``sendMessage`` for an answer: bounded, and with nothing in it that Telegram makes active."""
    text = _fitting(map(_line, answer.text.splitlines()), _TEXT)
    lines = answer.code.splitlines()
    shown_lines = (exact(log_line(line, _LINE) or " ") for line in lines)
    code = _fitting(shown_lines, LONGEST - text.length - 10).inside("code" if len(lines) == 1 else "pre")
    shown = joined((text, code), "\n")
    return _replying(body_of(target, shown if shown.html else exact(ELLIPSIS), answer.buttons), reply_to)


def in_private_only(target: Target, username: str, *, reply_to: int | None = None) -> dict[str, Any]:
    """Return the one line that is said in a group where an answer is for one person alone."""
    label = exact("Write to me in private")
    link = Markup(f'<a href="https://t.me/{username}">{label.html}</a>', label.length, 1)
    return _replying(body_of(target, exact("I do not say this here. ") + link + exact(" first.")), reply_to)


def _replying(body: dict[str, Any], reply_to: int | None) -> dict[str, Any]:
    if reply_to is None:
        return body
    return body | {"reply_parameters": {"message_id": reply_to, "allow_sending_without_reply": True}}


def _line(text: str) -> Markup:
    shown = one_line(text, _LINE)
    return exact("• ") + plain(shown.removeprefix("- ")) if shown.startswith("- ") else plain(shown)


def _fitting(lines: Iterable[Markup], room: int) -> Markup:
    """Join as many lines as fit, from the first on."""
    kept: list[Markup] = []
    for line in lines:
        room -= line.length + 1
        if room < units(ELLIPSIS):
            kept.append(exact(ELLIPSIS))
            break
        kept.append(line)
    html = "\n".join(line.html for line in kept)
    return Markup(html, sum(line.length + 1 for line in kept), 0)
