"""Marks that tell fields and records apart, made up anew for each call so that no job can write them into its name."""

from __future__ import annotations

import secrets
from typing import Final

_BYTES: Final = 8


def new_mark() -> str:
    """Return a mark: letters and digits between tildes, so that no command reads it as a width or a separator."""
    return f"~{secrets.token_hex(_BYTES)}~"
