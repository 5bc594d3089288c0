"""A ``sendMessage`` body as Telegram shows it: the page for ``--render`` and for the documentation. Pure."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from headgate.connectors.preview import page

_STYLE = """
html { background: #cfe0c3; }
.row { display: flex; align-items: flex-end; gap: 8px; }
.face { flex: none; width: 36px; height: 36px; border-radius: 50%; background: linear-gradient(#6fb9f0, #3d8fd6);
  color: #fff; font: bold 15px/36px "Noto Sans", "DejaVu Sans", sans-serif; text-align: center; }
.column { max-width: 520px; min-width: 260px; }
.bubble { background: #fff; border-radius: 14px 14px 14px 4px; box-shadow: 0 1px 2px #0003; padding: 8px 12px 6px;
  overflow-wrap: anywhere; }
.name { color: #3d8fd6; font-weight: bold; font-size: 14px; }
.text { white-space: pre-wrap; }
.text code { font: 13.5px/1.4 "Noto Sans Mono", "DejaVu Sans Mono", monospace; color: #2f7d4f; }
.text pre { font: 12.5px/1.45 "Noto Sans Mono", "DejaVu Sans Mono", monospace; background: #eef3f8; margin: 4px 0 -14px;
  border-left: 3px solid #3d8fd6; border-radius: 5px; padding: 6px 10px; white-space: pre-wrap; }
.text blockquote { margin: 2px 0 -14px; padding: 4px 10px; background: #eaf4fc; border-left: 3px solid #3d8fd6;
  border-radius: 5px; }
.text a { color: #2275bb; text-decoration: none; }
.circle { display: inline-block; width: 11px; height: 11px; border-radius: 50%; box-shadow: inset 0 0 0 1px #0002; }
.time { text-align: right; color: #8a97a3; font-size: 12px; }
.keys { display: flex; gap: 4px; margin-top: 4px; }
.key { flex: 1; text-align: center; background: #5b8a62cc; color: #fff; border-radius: 8px; padding: 7px 4px;
  font-weight: bold; font-size: 14px; }
.danger { background: #c0434ccc; }
"""
_COLOURS = {
    "\N{LARGE BLUE CIRCLE}": "#2f7fd0",
    "\N{LARGE GREEN CIRCLE}": "#3aa655",
    "\N{LARGE RED CIRCLE}": "#d6323e",
    "\N{MEDIUM WHITE CIRCLE}": "#e6e9ec",
    "\N{LARGE ORANGE CIRCLE}": "#ee8a1f",
    "\N{LARGE PURPLE CIRCLE}": "#9a4dbb",
    "\N{LARGE YELLOW CIRCLE}": "#f1c232",
}
_CIRCLE = re.compile(f"[{''.join(_COLOURS)}]")
_SHOWN = re.compile(r"&lt;(/?(?:b|strong|i|em|u|ins|s|del|code|pre|blockquote))&gt;")
_LINK = re.compile(r"&lt;a href=&quot;(https?://(?:(?!&quot;).)*)&quot;&gt;|&lt;(/a)&gt;")


def preview(body: dict[str, Any]) -> str:
    """Return a page that shows the body about as Telegram's desktop program does."""
    rows = body.get("reply_markup", {}).get("inline_keyboard", [])
    keys = "".join(f'<div class="keys">{"".join(map(_key, row))}</div>' for row in rows)
    shown = (
        '<div class="row"><div class="face">H</div><div class="column">'
        f'<div class="bubble"><div class="name">Headgate</div><div class="text">{_text(body)}</div>'
        f'<div class="time">12:00</div></div>{keys}</div></div>'
    )
    return page("Telegram", _STYLE, shown)


def _key(button: dict[str, str]) -> str:
    danger = " danger" if button.get("style") == "danger" else ""
    return f'<div class="key{danger}">{escape(button["text"])}</div>'


def _text(body: dict[str, Any]) -> str:
    """Return the text as HTML that holds nothing but the tags Telegram was sent.

    All of it is escaped first, and only the tags that are known are brought back: the payload is not trusted to be
    what it should.
    """
    text = escape(body["text"])
    if body.get("parse_mode") == "HTML":
        text = _LINK.sub(_link, _SHOWN.sub(r"<\1>", text))
        text = re.sub(r"&amp;(lt|gt|amp|quot|#x?[0-9a-fA-F]{1,6});", r"&\1;", text)
    return _CIRCLE.sub(lambda sign: f'<span class="circle" style="background: {_COLOURS[sign[0]]}"></span>', text)


def _link(found: re.Match[str]) -> str:
    return "</a>" if found[2] else f'<a href="{found[1]}">'
