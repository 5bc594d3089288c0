"""Discord's markup as HTML, as far as our own messages use it: for the preview. Pure."""

from __future__ import annotations

import re
from html import escape

_BLOCK = re.compile(r"```\n(.*?)\n```\n?", re.DOTALL)
_INLINE = re.compile(
    r"\\(?P<plain>[^0-9A-Za-z\s])"
    r"|`(?P<code>[^`\n]+)`"
    r"|\*\*(?P<bold>(?:\\.|[^*\n])+)\*\*"
    r"|\*(?P<italic>(?:\\.|[^*\n])+)\*"
    r"|\[(?P<label>(?:\\.|[^\]\n])+)\]\((?P<url>https?://[^\s()<>]+)\)"
)


def to_html(text: str) -> str:
    """Return a text of one of our messages as HTML."""
    parts: list[str] = []
    end = 0
    for block in _BLOCK.finditer(text):
        parts += [_lines(text[end : block.start()]), f"<pre>{escape(block[1])}</pre>"]
        end = block.end()
    return "".join([*parts, _lines(text[end:])])


def inline(text: str) -> str:
    """Return one line of a message as HTML."""
    parts: list[str] = []
    end = 0
    for found in _INLINE.finditer(text):
        parts += [escape(text[end : found.start()]), _shown(found)]
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _shown(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "plain":
            return escape(found["plain"])
        case "code":
            return f"<code>{escape(found['code'])}</code>"
        case "bold":
            return f"<b>{inline(found['bold'])}</b>"
        case "italic":
            return f"<i>{inline(found['italic'])}</i>"
        case _:
            return f'<a href="{escape(found["url"])}">{inline(found["label"])}</a>'


def _lines(text: str) -> str:
    made = (
        f"<li>{inline(line[2:])}</li>" if line.startswith("- ") else f"<div>{inline(line)}</div>"
        for line in text.strip("\n").split("\n")
        if line
    )
    return re.sub(r"((?:<li>.*?</li>)+)", r"<ul>\1</ul>", "".join(made))
