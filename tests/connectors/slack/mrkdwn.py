"""A reader of Slack's payloads for tests: what would a client make of every text in it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

LITERAL = {"plain_text", "text"}
"""Types of texts that Slack never reads as markup."""
_SPECIAL = re.compile(r"<([^<>]*)>")
_BARE = re.compile(r"\w+://|(?<!\w)www\.")
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9])([*_~])(?=\S)[^\n]*?(?<=\S)\1(?![A-Za-z0-9])|`[^`\n]+`")
_EMOJI = re.compile(r":[a-z][\w+'-]*:")
_ESCAPE = re.compile(r"&(?!(?:amp|lt|gt);)")


def texts(part: object) -> Iterator[tuple[str, str]]:
    """Yield every text with its type; a call's own ``text`` is mrkdwn."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield str(part.get("type", "mrkdwn")), part["text"]
        for inner in part.values():
            yield from texts(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from texts(inner)


def markup(payload: dict[str, Any]) -> str:
    """Return all mrkdwn of a payload, without the labels that Headgate itself makes bold."""
    return "\n".join(re.sub(r"\A\*([^*\n]+)\*\n", r"\1\n", text) for kind, text in texts(payload) if kind == "mrkdwn")


def findings(mrkdwn: str) -> list[str]:
    """Return everything in a mrkdwn text that would be more than text."""
    patterns = (_SPECIAL, _BARE, _EMPHASIS, _EMOJI, _ESCAPE)
    quotes = [line for line in mrkdwn.split("\n") if line.startswith((">", "&gt;"))]
    return [found[0] for pattern in patterns for found in pattern.finditer(mrkdwn)] + quotes


def types(part: object) -> set[str]:
    """Return the types of all parts."""
    if isinstance(part, dict):
        own = {part["type"]} if isinstance(part.get("type"), str) else set()
        return own.union(*(types(inner) for inner in part.values()))
    return set().union(*(types(inner) for inner in part)) if isinstance(part, list) else set()


def urls(part: object) -> list[str]:
    """Return the addresses of all links."""
    if isinstance(part, dict):
        own = [part["url"]] if "url" in part else []
        return own + [url for inner in part.values() for url in urls(inner)]
    return [url for inner in part for url in urls(inner)] if isinstance(part, list) else []
