"""Text made harmless in a card. Pure.

What comes from jobs stands in text runs, which hold no Markdown (Adaptive Cards, "RichTextBlock"). Escaping it for text
blocks instead would not do: Teams shows the backslashes on telephones (MicrosoftDocs/msteams-docs issue 5793). Three
things work in runs too, or may: mentions, the functions DATE and TIME, and blanks that are drawn together.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

JOINER = "\N{WORD JOINER}"
"""Takes no room and no line may break at it; between two characters it makes a mark of them no mark."""
_LIVELY = re.compile(r"<(?=/?at\b)|\{(?=\{)", re.IGNORECASE)
_MARKS = re.compile(r"[\\`*_\[\]<>~&]")
_AT_THE_START = re.compile(r"[#+=-]|[0-9]+(?=[.)])")
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?=@)|(?<=@)|(?<=mailto:)", re.IGNORECASE)
"""Where a client may begin a link by itself, without any mark."""
_URL = re.compile(r"https?://[!#-;=?-\[\]_a-z~%]+", re.IGNORECASE)
_BLANKS = re.compile("^ +| {2,}")
_LONGEST_URL = 2000


def plain(text: str) -> str:
    """Return one line of text for a text run: no mention, no function."""
    return _LIVELY.sub(lambda match: match[0] + JOINER, text)


def spaced(text: str) -> str:
    """Return a line of a program's output for a text run: its blanks stay as many as they were."""
    return plain(_BLANKS.sub(lambda match: "\N{NO-BREAK SPACE}" * len(match[0]), text))


def markdown(text: str) -> str:
    """Return text for a site's template, plain in a text block's Markdown: no mark, link, mention or function."""
    line = _LINKS.sub(JOINER, plain(" ".join(text.split())))
    marked = _MARKS.sub(r"\\\g<0>", line)
    start = _AT_THE_START.match(marked)
    if start is None:
        return marked
    return f"\\{marked}" if start.end() == 1 and not marked[0].isdigit() else f"{start[0]}\\{marked[start.end() :]}"


def cut_markdown(text: str, octets: int) -> str:
    """Return as much of Markdown as fits, with ``…`` where it was cut, and no escape cut in half."""
    if len(text.encode()) <= octets:
        return text
    head = text.encode()[: octets - len("…".encode())].decode(errors="ignore")
    backslashes = len(head) - len(head.rstrip("\\"))
    return (head[:-1] if backslashes % 2 else head) + "…"


def web_address(url: str) -> str:
    """Return an address that a button may open: one of the web, whole, in plain ASCII; else nothing."""
    if len(url) > _LONGEST_URL or not _URL.fullmatch(url):
        return ""
    try:
        return url if urlsplit(url).hostname else ""
    except ValueError:
        return ""
