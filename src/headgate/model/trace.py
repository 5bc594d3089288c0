"""Traces: the one id under which the logs tell of a fact and of all that follows from it.

A trace is born where a fact enters. Who brings it may give one (a client's ``X-Request-ID``, a forge's id of its
delivery); otherwise it follows from the event's key, so that every process finds the same one, also after a restart.
"""

from __future__ import annotations

import hashlib
import random
import re
from typing import Final

LONGEST: Final = 64
"""Characters of a trace that somebody else gives."""
_GIVEN: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{7,{LONGEST - 1}}}")
_W3C: Final = re.compile(r"[0-9a-f]{32}")
_NONE: Final = "0" * 32


def of_key(key: str) -> str:
    """Return the trace of an event that brought none with it: 32 hexadecimal digits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def new() -> str:
    """Return a trace that nobody has."""
    # No secret, and made for every request: a kernel that is asked for one takes longer than a lookup in the store.
    return f"{random.getrandbits(128):032x}"


def read(text: str | None) -> str | None:
    """Return a trace that somebody gives; None if it is none that may stand in a log: 8 to 64 plain characters."""
    return text if text is not None and _GIVEN.fullmatch(text) else None


def as_hex(trace: str) -> str:
    """Return the 32 hexadecimal digits by which tracing systems know it: its own, if it has the form of one."""
    plain = trace.replace("-", "").lower()
    return plain if _W3C.fullmatch(plain) and plain != _NONE else of_key(trace)
