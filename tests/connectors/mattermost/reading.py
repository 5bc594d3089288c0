"""What Mattermost makes of Markdown, as far as it does anything: read by CommonMark's rules and by its own signs.

CommonMark (with tables and strikethrough) finds links, images, code, emphasis and entities; what is plain text then is
searched for the signs of https://docs.mattermost.com/end-user-guide/collaborate/format-messages.html: mentions,
channel links, hashtags, emoji, and addresses that are linked by themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_SIGNS = {
    "mention": r"@[a-z0-9._-]+",
    "channel": r"~[a-z0-9]",
    "hashtag": r"#[^\W\d]\w",
    # A name of two digits after a digit is the middle of a time; there is no such emoji.
    "emoji": r"(?<!\d):[a-z0-9_+-]+:|(?<=\d):(?!\d\d:)[a-z0-9_+-]+:",
    "address": r"[a-z][a-z0-9+.-]*://|mailto:[^\s\u200b]|www\d{0,3}\.|[a-z0-9-]\.[a-z]{2,63}/",
}
_HARMLESS = frozenset({"inline", "text", "softbreak", "text_special", "paragraph_open", "paragraph_close"})


@dataclass(frozen=True)
class Reading:
    """What is shown, and what else happens."""

    text: str
    effects: frozenset[str]


def read(markdown: str) -> Reading:
    """Read Markdown; ``effects`` names the marks that were found, and the signs in what is no code."""
    tokens = list(_flat(_READER.parse(markdown)))
    plain = "".join("\n" if token.type == "softbreak" else token.content for token in tokens if not token.children)
    words = " ".join(token.content for token in tokens if token.type in ("text", "text_special"))
    joined = "\n".join(
        "".join(child.content for child in token.children or () if child.type in ("text", "text_special", "softbreak"))
        for token in _READER.parse(markdown)
        if token.type == "inline"
    )
    signs = {name for name, sign in _SIGNS.items() for text in (words, joined) if re.search(sign, text, re.IGNORECASE)}
    return Reading(plain, frozenset({token.type for token in tokens} - _HARMLESS) | signs)


def links(markdown: str) -> list[str]:
    """Return the addresses that are linked or shown as pictures."""
    tokens = _flat(_READER.parse(markdown))
    found = [
        token.attrs.get("href", token.attrs.get("src")) for token in tokens if token.type in ("link_open", "image")
    ]
    return [str(address) for address in found]


def _flat(tokens: list[Token]) -> list[Token]:
    return [inner for token in tokens for inner in ([token, *_flat(token.children)] if token.children else [token])]
