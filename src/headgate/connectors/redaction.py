"""What a service said, made fit for logs and for operators: bounded, one line, without our own secrets."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import quote

from headgate.model.text import one_line

MAX_DETAIL = 300
"""Characters of a service's answer that are kept."""
_HIDDEN = "[hidden]"
_TOO_SHORT = 4
"""A secret shorter than this is no secret, and hiding it would only garble the text."""


class Redaction:
    """Hides the given secrets, in the forms in which services echo them: as they are, in base64 and URL-quoted."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if len(secret) >= _TOO_SHORT:
                forms.update((secret, base64.b64encode(secret.encode()).decode(), quote(secret, safe="")))
        self._forms = sorted(forms, key=len, reverse=True)
        self._longest = len(self._forms[0]) if self._forms else 0

    def __call__(self, text: str) -> str:
        """Return the text without the secrets, as one line of at most ``MAX_DETAIL`` characters.

        The text is cut before it is searched, so that a service cannot keep us busy; the end of what was cut is thrown
        away, since a part of a secret may stand there.
        """
        head = text[: MAX_DETAIL * 8 + self._longest]
        cut = len(head) < len(text)
        for form in self._forms:
            head = head.replace(form, _HIDDEN)
        if cut and self._longest:
            head = head[: -self._longest]
        return one_line(head, MAX_DETAIL)

    def all_of(self, text: str) -> str:
        """Return the whole text without the secrets: for what is bounded already, and no single line."""
        for form in self._forms:
            text = text.replace(form, _HIDDEN)
        return text

    def __repr__(self) -> str:
        """Never shows what it hides."""
        return f"Redaction({len(self._forms)} forms)"
