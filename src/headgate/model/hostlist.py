"""Hostlists: ``n[01-10,12],gpu3``, read by ClusterShell's NodeSet, and never larger than they may be.

A hostlist of a few bytes can name billions of hosts, so its size is worked out from the text before it is expanded.
"""

from __future__ import annotations

import re
from typing import Final

from ClusterShell.NodeSet import NodeSet, NodeSetException

MAX_TEXT: Final = 1_000_000
"""Characters of a hostlist that are read."""
MAX_HOSTS: Final = 100_000
"""Hosts of a hostlist that are counted or expanded."""
_NONE: Final = frozenset({"", "None assigned", "(null)", "None", "N/A", "n/a"})
_WORD: Final = re.compile(r"[A-Za-z0-9_.\-\[\],]+", re.ASCII)
_BRACKET: Final = re.compile(r"\[([^\[\]]*)\]")
_RANGE: Final = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?", re.ASCII)


def hostlist_text(text: str) -> str:
    """Return the hostlist, or an empty text where Slurm says that there is none (``None assigned``, ``(null)``)."""
    stripped = text.strip()
    return "" if stripped in _NONE else stripped


def count_hosts(text: str) -> int | None:
    """Count the hosts of a hostlist without expanding more than MAX_HOSTS; None if it cannot be read."""
    nodes = _read(text)
    return None if nodes is None else len(nodes)


def expand_hosts(text: str) -> list[str] | None:
    """Return the hosts one by one, sorted; None if it cannot be read or names more than MAX_HOSTS."""
    nodes = _read(text)
    return None if nodes is None else list(nodes)


def fold_hosts(text: str) -> str | None:
    """Return the hostlist in its shortest form; None if it cannot be read or names more than MAX_HOSTS."""
    nodes = _read(text)
    return None if nodes is None else str(nodes)


def _read(text: str) -> NodeSet | None:
    plain = hostlist_text(text)
    if not plain:
        return NodeSet()
    if len(plain) > MAX_TEXT or not _WORD.fullmatch(plain):
        return None
    size = _upper_bound(plain)
    if size is None or size > MAX_HOSTS:
        return None
    try:
        return NodeSet(plain)
    except NodeSetException:
        return None


def _upper_bound(text: str) -> int | None:
    """Return how many hosts the text can name at most, without expanding it; None if a bracket makes no sense."""
    total = 0
    for item in _split_outside_brackets(text):
        product = 1
        for bracket in _BRACKET.findall(item):
            count = _count_in_bracket(bracket)
            if count is None:
                return None
            product *= count
        total += product
    return total


def _split_outside_brackets(text: str) -> list[str]:
    return re.split(r",(?![^\[]*\])", text)


def _count_in_bracket(text: str) -> int | None:
    total = 0
    for item in text.split(","):
        match = _RANGE.fullmatch(item)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            return None
        total += last - first + 1
    return total
