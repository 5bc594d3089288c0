"""A post as Mattermost's web client shows it, about. Pure; reads only the Markdown that ``rendering.py`` writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from headgate.connectors.mattermost.markup import FENCE
from headgate.connectors.preview import page, picture

_STYLE = """
body { background: #fff; color: #3f4350; }
.post { display: flex; gap: 12px; }
.face { flex: none; width: 36px; height: 36px; border-radius: 50%; background: #1c58d9; color: #fff; display: flex;
  align-items: center; justify-content: center; font-weight: 600; font-size: 18px; }
.who { font-weight: 600; color: #3f4350; }
.bot { font-size: 10px; font-weight: 600; background: #e8e9ed; color: #3f4350; border-radius: 3px; padding: 1px 4px;
  margin: 0 6px; vertical-align: 1px; }
.when { color: #6f7482; font-size: 12px; }
.post > div:last-child { min-width: 0; flex: 1; }
.said { margin: 1px 0 6px; overflow-wrap: anywhere; }
.card { border: 1px solid #dddfe4; border-left: 4px solid; border-radius: 4px; padding: 10px 14px; font-size: 14px; }
.card p { margin: 0 0 8px; overflow-wrap: anywhere; }
.card ul { margin: 0 0 8px; padding-left: 20px; }
pre { background: #f4f5f6; border: 1px solid #e4e5e9; border-radius: 4px; padding: 8px 10px; margin: 0 0 8px;
  font: 12.5px/1.5 "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
a { color: #1c58d9; text-decoration: none; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin-top: 4px; }
td { vertical-align: top; padding: 4px 12px 4px 0; overflow-wrap: anywhere; }
td b { display: block; }
.foot { color: #6f7482; font-size: 12px; margin-top: 6px; }
img { max-width: 360px; border: 1px solid #dddfe4; border-radius: 4px; margin-top: 8px; }
"""
_INLINE = re.compile(
    r"\\([\\`*_\[\]|~])"  # 1: an escaped sign
    r"|\*\*((?:\\.|[^*])+)\*\*"  # 2: bold
    r"|\*((?:\\.|[^*])+)\*"  # 3: italics
    r"|(?<!\\)\[((?:\\.|[^\]])+)\]\((https?://[^)\s]+)\)"  # 4, 5: a link
)


def page_of(post: Mapping[str, Any], image: bytes | None = None) -> str:
    """Return a page that shows the body of a ``POST /posts``, and the picture that goes with it."""
    cards = "".join(_card(attachment) for attachment in post["props"]["attachments"])
    shown = picture(image, "Efficiency") if image else ""
    body = (
        '<div class="post"><div class="face">H</div><div>'
        '<span class="who">headgate</span><span class="bot">BOT</span><span class="when">3:43 AM</span>'
        f'<div class="said">{_inline(post["message"])}</div>{cards}{shown}</div></div>'
    )
    return page("Mattermost", _STYLE, body)


def _card(attachment: Mapping[str, Any]) -> str:
    fields, rows = list(attachment.get("fields", ())), []
    while fields:
        pair = [fields.pop(0)]
        if pair[0]["short"] and fields and fields[0]["short"]:
            pair.append(fields.pop(0))
        wide = "" if pair[0]["short"] else ' colspan="2"'
        cells = (f"<td{wide}><b>{escape(each['title'])}</b>{_inline(each['value'])}</td>" for each in pair)
        rows.append(f"<tr>{''.join(cells)}</tr>")
    table = f"<table>{''.join(rows)}</table>" if rows else ""
    return (
        f'<div class="card" style="border-left-color: {escape(attachment["color"])}">'
        f'{_blocks(attachment["text"])}{table}<div class="foot">{escape(attachment["footer"])}</div></div>'
    )


def _blocks(text: str) -> str:
    """Return the blocks of a text: code, lists and paragraphs."""
    shown: list[str] = []
    lines = text.split("\n")
    while lines:
        line = lines.pop(0)
        if line == FENCE:
            inside = []
            while lines and (line := lines.pop(0)) != FENCE:
                inside.append(escape(line))
            shown.append(f"<pre>{'<br>'.join(inside)}</pre>")
        elif line.startswith("- "):
            items = [line]
            while lines and lines[0].startswith("- "):
                items.append(lines.pop(0))
            shown.append(f"<ul>{''.join(f'<li>{_inline(item[2:])}</li>' for item in items)}</ul>")
        elif line:
            shown.append(f"<p>{_inline(line)}</p>")
    return "".join(shown)


def _inline(text: str) -> str:
    return "".join(_pieces(text))


def _pieces(text: str) -> list[str]:
    pieces, end = [], 0
    for found in _INLINE.finditer(text):
        pieces.append(escape(text[end : found.start()]))
        end = found.end()
        sign, bold, italic, label, url = found.groups()
        if sign is not None:
            pieces.append(escape(sign))
        elif bold is not None:
            pieces.append(f"<strong>{_inline(bold)}</strong>")
        elif italic is not None:
            pieces.append(f"<em>{_inline(italic)}</em>")
        else:
            pieces.append(f'<a href="{escape(url)}">{_inline(label)}</a>')
    return [*pieces, escape(text[end:])]
