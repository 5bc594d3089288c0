"""Whether something said is meant for the bot, and what is left of it without the bot's name. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

from headgate.connectors.matrix.identifiers import local_part
from headgate.connectors.matrix.sync import Said

_PILL = re.compile(
    r'\s*(?:<p>)?\s*<a\s[^>]*?href="https://matrix\.to/#/([^"?]{1,300})[^"]{0,300}"[^>]{0,300}>([^<]{0,300})</a>'
)
_SEPARATORS = " \t\n\r:,;"


@dataclass(frozen=True, slots=True)
class Addressee:
    """How the bot is called: its user id, its display name, and words that mean it."""

    user: str
    name: str
    trigger: str

    def asked(self, said: Said, *, private: bool) -> str | None:
        """Return what the bot is asked; None if it is not meant.

        In private all is meant for it. Elsewhere only what *begins* with its name: who answers one of its messages
        mentions it too, and is talking to the others.
        """
        body = _without_quotation(said.body).strip()
        for called in (
            *self._pill(said),
            self.user,
            f"@{self.name}",
            self.name,
            f"@{local_part(self.user)}",
            self.trigger,
        ):
            if called.strip("@") and _begins(body, called):
                return body[len(called) :].lstrip(_SEPARATORS)
        return body if private else None

    def _pill(self, said: Said) -> list[str]:
        """Return the words of a mention of the bot that a message begins with."""
        pill = _PILL.match(said.html)
        if pill is None or self.user not in said.mentioned or unquote(unescape(pill[1])) != self.user:
            return []
        return [unescape(pill[2]).strip()]


def _begins(body: str, called: str) -> bool:
    head, rest = body[: len(called)], body[len(called) :]
    return head.casefold() == called.casefold() and (not rest or not (rest[0].isalnum() or rest[0] in "_-."))


def _without_quotation(body: str) -> str:
    """Leave out what is quoted above an answer (client-server API before v1.13, "Fallbacks for rich replies")."""
    lines = body.split("\n")
    while lines and lines[0].startswith("> "):
        del lines[0]
    return "\n".join(lines)
