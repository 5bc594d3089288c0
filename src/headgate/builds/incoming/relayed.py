"""What a relay passes on, as it may have been signed. Pure.

A relay like smee.io parses a webhook's body and passes on the result, written as JavaScript writes it. The signature is
over what GitHub wrote, so the body has to be found again: newer relays pass it on as it was, and of the others the text
itself is taken, in the ways in which JSON may have been written. Which of them is right, the signature says.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_plus

_SPACE = re.compile(r"[ \t\n\r]*")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_DECODER = json.JSONDecoder()
_MOST_HEADERS = 100
_BODIES = frozenset({"body", "bodyb", "rawbody"})
"""What is no header: the body as it was understood, as it was in base64 (gosmee), and as it was (newer smee)."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """A webhook from a relay. ``bodies``: what may have been signed, the likeliest first."""

    headers: dict[str, str]
    bodies: tuple[bytes, ...]


def read(text: str) -> Relayed | None:
    """Read an event of a relay's; None if it holds no webhook."""
    parts = _members(text)
    if parts is None:
        return None
    headers: dict[str, str] = {}
    for name, (value, _) in parts.items():
        if isinstance(value, str) and name.lower() not in _BODIES and len(headers) < _MOST_HEADERS:
            headers[name.lower()] = value
    if "x-github-event" not in headers and "x-gitlab-event" not in headers:
        return None
    bodies = tuple(dict.fromkeys(_bodies(parts, headers)))
    return Relayed(headers, bodies) if bodies else None


def _bodies(parts: dict[str, tuple[object, str]], headers: dict[str, str]) -> Iterator[bytes]:
    whole, _ = parts.get("bodyB", (None, ""))
    if isinstance(whole, str):
        with contextlib.suppress(binascii.Error, ValueError):
            yield base64.b64decode(whole, validate=True)
    for name, (value, _) in parts.items():
        if name.lower() == "rawbody" and isinstance(value, str):
            yield _bytes(value)
    body, text = parts.get("body", (None, ""))
    if isinstance(body, dict) and "form-urlencoded" in headers.get("content-type", ""):
        payload = body.get("payload")
        if isinstance(payload, str):
            yield b"payload=" + quote_plus(_bytes(payload)).encode()
    elif isinstance(body, dict):
        plain = json.dumps(body, separators=(",", ":"))
        for written in (text, plain):
            yield _bytes(written)
            yield _bytes(_ESCAPE.sub(_capitals, written))
    elif isinstance(body, str):
        yield _bytes(body)


def _members(text: str) -> dict[str, tuple[object, str]] | None:
    """Return the members of a JSON object, each with its text as it stands there; None if it is none."""
    found: dict[str, tuple[object, str]] = {}
    try:
        at = _skip(text, 0)
        if text[at] != "{":
            return None
        at = _skip(text, at + 1)
        while text[at] != "}":
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, at)
            if text[at] != ":" or not isinstance(name, str):
                return None
            begin = _skip(text, at + 1)
            value, end = _DECODER.raw_decode(text, begin)
            found[name] = value, text[begin:end]
            at = _skip(text, end)
            if text[at] == ",":
                at = _skip(text, at + 1)
    except (ValueError, IndexError, RecursionError):
        return None
    return found


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()


def _capitals(match: re.Match[str]) -> str:
    return match[0] if match[1] is None else "\\u" + match[1].upper()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
