"""Values that are handed to scontrol as ``key=value``: what is refused, and what scontrol would eat.

scontrol takes each argument as it is, without a shell, and splits it at its first ``=``. So a value may hold anything
but what breaks the commands that show it again: line ends and other control characters.

In a reason scontrol eats one double quote at either end (``update_node.c``, 20.11 to 26.05). Where a reason begins or
ends with one, a pair is put around it, to be eaten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

MAX_VALUE: Final = 4096
"""Characters of a value that are handed over."""
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+\-]{0,255}", re.ASCII)


def value(text: str) -> str:
    """Return a value as it is. Raises ValueError for one that is too long or holds control characters."""
    if len(text) > MAX_VALUE:
        raise ValueError(f"a text has more than {MAX_VALUE} characters")
    if not all(character.isprintable() for character in text):
        raise ValueError(f"{text[:64]!a} holds a line end or another character that cannot be printed")
    return text


def reason(text: str) -> str:
    """Return a reason so that scontrol keeps all of it. Raises ValueError for one that cannot be a reason."""
    if not text.strip():
        raise ValueError("a reason is needed")
    plain = value(text)
    return f'"{plain}"' if plain.startswith('"') or plain.endswith('"') else plain


def name(text: str) -> str:
    """Return a name of an account, a partition, a reservation. Raises ValueError for what is none."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text[:64]!a} is no name")
    return text


def names(texts: Iterable[str]) -> str:
    """Return names as a list for Slurm. Raises ValueError if one is none."""
    return ",".join(name(text) for text in texts)
