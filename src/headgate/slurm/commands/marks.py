"""Marks that tell fields and records apart, made up anew for each call so that no job can write them into its name."""

from __future__ import annotations

import secrets
from typing import Final

_BYTES: Final = 6
"""48 random bits; the mark stands twenty times in every record, so it should be short."""


def new_mark() -> str:
    """Return a mark: a tilde and eight letters, digits, ``-`` or ``_``; no command reads it as a width or a list."""
    return f"~{secrets.token_urlsafe(_BYTES)}"
