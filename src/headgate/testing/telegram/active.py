"""What Telegram makes active in any text by itself: mentions, commands, tags, addresses, numbers.

The rules are those of Telegram's own library, TDLib (https://github.com/tdlib/td, ``MessageEntity.cpp``), which are
nowhere documented; addresses and numbers are taken more widely here than there (any ending counts as a top-level
domain, any thirteen digits as a card), so that what finds nothing here is safe there. Telephone numbers are found by
Telegram's servers, by rules nobody knows; here ten digits in groups are one.
"""

from __future__ import annotations

import re

from headgate.testing.telegram.formatting import Part, units

_DOMAIN = r"(?:[^\W_]|[-_~]|[^\x00-\xbf\u2000-\u200b\u200e-\u200f\u2016-\u206f\s])"
_PATTERNS = {
    "bot_command": re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])"),
    "mention": re.compile(r"(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w)"),
    "hashtag": re.compile(r"(?<![\w\u200c\xb7])#[\w\u200c\xb7]*[^\W\d_][\w\u200c\xb7]*(?!#)"),
    "cashtag": re.compile(r"(?<![\w$])\$(?:1INCH|[A-Z]{1,8})(?![\w$])"),
    "url": re.compile(
        rf"(?:(?:tg|ton|tonsite)://[\w-]+)|(?:{_DOMAIN}+\.)+{_DOMAIN}*[^\W\d_]{_DOMAIN}+|(?:\d{{1,3}}\.){{3}}\d"
    ),
    "email": re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
    "phone_number": re.compile(r"\+\d[\d ()-]{5,}\d|\d(?:[ ()-]?\d){9,}"),
}
_DEAF = frozenset({"code", "pre", "text_link"})


def active_parts(text: str, marked: list[Part]) -> list[Part]:
    """Return what is active in a text, beside the parts its sender marked; nothing is, in code and in links."""
    found = []
    for kind, pattern in _PATTERNS.items():
        for match in pattern.finditer(text):
            start = units(text[: match.start()])
            found.append(Part(kind, start, units(match[0])))
    deaf = [(part.offset, part.offset + part.length) for part in marked if part.type in _DEAF]
    free = [
        part
        for part in found
        if not any(part.offset < end and begin < part.offset + part.length for begin, end in deaf)
    ]
    return sorted(free, key=lambda part: (part.offset, -part.length))
