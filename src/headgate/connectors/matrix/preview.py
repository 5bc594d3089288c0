"""The content of an event as a page, about as Element shows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from html.parser import HTMLParser
from typing import Any

from headgate.connectors.preview import page, picture

ALLOWED: Mapping[str, frozenset[str]] = {
    **{
        tag: frozenset[str]()
        for tag in (
            *("del", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "p", "ul", "sup", "sub", "li", "b", "i", "u"),
            *("strong", "em", "s", "hr", "br", "div", "table", "thead", "tbody", "tr", "th", "td", "caption", "pre"),
            *("details", "summary"),
        )
    },
    "a": frozenset({"href", "target"}),
    "ol": frozenset({"start"}),
    "code": frozenset({"class"}),
    "span": frozenset({"data-mx-bg-color", "data-mx-color"}),
    "font": frozenset({"data-mx-bg-color", "data-mx-color", "color"}),
}
"""Tags and attributes that clients show (client-server API, "m.room.message msgtypes"), but ``img``, which we have none
of; what is not in here, they throw away."""
_VOID = frozenset({"br", "hr"})
_STYLE = """
.room { border: 1px solid #e3e8f0; border-radius: 8px; overflow: hidden; color: #1b1d22; background: #fff; }
.head { padding: 10px 16px; border-bottom: 1px solid #e3e8f0; font-weight: 600; }
.head span { color: #656d77; font-weight: 400; margin-left: 8px; }
.event { display: flex; gap: 12px; padding: 14px 16px; }
.face { flex: none; width: 32px; height: 32px; border-radius: 50%; background: #0dbd8b; color: #fff; font-weight: 600;
  text-align: center; line-height: 32px; }
.who { color: #0a7a5a; font-weight: 600; }
.said { min-width: 0; flex: 1; opacity: .92; overflow-wrap: anywhere; }
.said p { margin: 0 0 10px; }
.said ul { margin: 0 0 10px; padding-left: 22px; }
.said code { font: 13px/1.4 "DejaVu Sans Mono", monospace; background: #f0f2f5; border-radius: 3px; padding: 1px 3px; }
.said pre { background: #f0f2f5; border: 1px solid #e3e8f0; border-radius: 4px; padding: 8px; margin: 0 0 10px;
  overflow: hidden; white-space: pre-wrap; }
.said pre code { padding: 0; }
.said a { color: #0467dd; }
.said img { max-width: 420px; border-radius: 8px; }
"""


def preview(content: Mapping[str, Any], *, room: str, pictures: Mapping[str, bytes]) -> str:
    """Return a page that shows an event's content, and the pictures that follow it."""
    shown = _Shown()
    shown.feed(content["formatted_body"])
    shown.close()
    images = "".join(picture(png, name) for name, png in pictures.items())
    body = (
        f'<div class="room"><div class="head">Job messages<span>{escape(room)}</span></div><div class="event">'
        f'<div class="face">H</div><div class="said">'
        f'<div class="who">Headgate</div>{shown.html}{images}</div></div></div>'
    )
    return page("Matrix", _STYLE, body)


class _Shown(HTMLParser):
    """Keeps what a client shows, colours as styles."""

    def __init__(self) -> None:
        super().__init__()
        self.html = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag that is allowed, with its colours and, for a link, its address."""
        if tag in ALLOWED:
            given = {name: value or "" for name, value in attrs if name in ALLOWED[tag]}
            styles = [
                f"{style}: {given[name]}"
                for name, style in (("data-mx-bg-color", "background-color"), ("data-mx-color", "color"))
                if _is_colour(given.get(name, ""))
            ]
            style = f' style="{"; ".join(styles)}"' if styles else ""
            href = (
                f' href="{escape(given["href"])}"' if given.get("href", "").startswith(("https://", "http://")) else ""
            )
            self.html += f"<{tag}{style}{href}>"

    def handle_endtag(self, tag: str) -> None:
        """Keep the end of an allowed tag."""
        if tag in ALLOWED and tag not in _VOID:
            self.html += f"</{tag}>"

    def handle_data(self, data: str) -> None:
        """Keep text, escaped."""
        self.html += escape(data)


def _is_colour(text: str) -> bool:
    return len(text) == 7 and text[0] == "#" and all(c in "0123456789abcdefABCDEF" for c in text[1:])  # noqa: PLR2004
