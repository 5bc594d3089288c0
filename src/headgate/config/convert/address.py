"""Addresses of services, without what may be a secret in them. Pure."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

HOST: Final = re.compile(r"[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]+\]")
"""A host's name, or its address; an IPv6 one in brackets."""
_MOST_PORTS: Final = 65535


def origin(url: str) -> str:
    """Return scheme, host and port of an HTTP address; "" if it has none.

    User, password, path and query are left out. Where an ``@`` makes it doubtful which part is the host, all of it is.
    """
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None else f":{parts.port}"
        host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    except ValueError:
        return ""
    doubtful = "@" in parts.path + parts.query + parts.fragment or "\\" in url
    fine = parts.scheme in ("http", "https") and HOST.fullmatch(host) is not None and not doubtful
    return f"{parts.scheme}://{host}{port}" if fine else ""


def port_number(text: str, otherwise: int) -> int:
    """Return a port, the usual one for no text, and 0 for a text that is none."""
    found = otherwise if not text else whole_number(text)
    return found if found <= _MOST_PORTS else 0


def whole_number(text: str) -> int:
    """Return a number of at most nine digits; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0  # noqa: PLR2004 - no endless ones
