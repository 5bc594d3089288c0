"""Text of logs and of commands' complaints, before it is shown to the world: what looks like a secret is left out.

This is the second guard: a job sees none of Headgate's secrets in the first place. What it prints of its own accord
(a token in a URL, a password it was given) is found by its looks, which never finds all.
"""

from __future__ import annotations

import re
from typing import Final

GONE: Final = "[left out]"

_PATTERNS: Final = (
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://)[^\s/@]{1,512}@"), r"\1" + GONE + "@"),
    (re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]{0,20000}?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)"),
     GONE),
    (re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_-]{16,255})"),
     GONE),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), GONE),
    (re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,255}"), GONE),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{0,2000}"), GONE),
    (
        re.compile(
            r"(?i)((?:authorization|proxy-authorization)\s{0,5}[:=]\s{0,5}(?:basic|bearer|token)?\s{0,5})[^\s'\"]{4,4000}"
        ),
        r"\1" + GONE,
    ),
    (
        re.compile(
            r"(?i)([a-z0-9_.-]{0,60}(?:passw(?:or)?d|passphrase|secret|token|api_?key|access_?key|private_?key|credential)"
            r"[a-z0-9_.-]{0,40}['\"]?\s{0,5}[:=]\s{0,5})(['\"]?)[^\s'\"]{3,4000}"
        ),
        r"\1\2" + GONE,
    ),
)  # fmt: skip


def redacted(text: str) -> str:
    """Return the text without what looks like a secret."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
