"""Foreign text for Matrix: nothing in it becomes a link, a pill or a mention. Pure.

Clients make links and pills of plain text by themselves: web addresses, ``@user:server``, ``#room:server``, names with
a dot, ``matrix:`` addresses. An invisible word joiner breaks these up; it is kept out of ``<code>`` and ``<pre>``, in
which Element, for one, links nothing, so that paths and outputs can be copied as they are.
"""

from __future__ import annotations

import json
import re
from html import escape

JOINER = "\N{WORD JOINER}"
_BREAKS = (
    (re.compile(r"([@#])(?=\S)"), rf"\1{JOINER}"),
    (re.compile(r":(?=//)"), f":{JOINER}"),
    (re.compile(r"(?<=[\w)\]]):(?=[^\W\d_])"), f":{JOINER}"),
    (re.compile(r"(?<=\w)\.(?=[^\W_])"), f".{JOINER}"),
)
_NUMBER = re.compile(rf"(?<![\w.{JOINER}])(\d{{1,12}})\.{JOINER}(\d{{1,12}})(?![\w.]|{JOINER})")
"""A decimal number: with a single dot it is no address."""


def plain(text: str) -> str:
    """Return a text that no client makes a link or a mention of."""
    for pattern, broken in _BREAKS:
        text = pattern.sub(broken, text)
    return _NUMBER.sub(r"\1.\2", text)


def shown(text: str) -> str:
    """Return a text as HTML: plain, and escaped."""
    return escape(plain(text))


def code(text: str) -> str:
    """Return a text as HTML in fixed width, exactly as it is."""
    return f"<code>{escape(text)}</code>"


def octets(text: str) -> int:
    """Return how much room a text takes in an event: its octets as JSON."""
    return len(json.dumps(text, ensure_ascii=False).encode(errors="surrogatepass")) - 2


def web_address(url: str) -> str:
    """Return an address as an attribute's value, if it is one of the web; else nothing."""
    return escape(url) if url.startswith(("https://", "http://")) and " " not in url else ""
