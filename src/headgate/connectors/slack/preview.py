"""A message as Slack's desktop client shows it, about. Pure; reads only what ``rendering.py`` writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape
from typing import Any

from headgate.connectors.preview import page

_STYLE = """
body { background: #fff; color: #1d1c1d; font-size: 15px; }
.post { display: flex; gap: 8px; }
.face { flex: none; width: 36px; height: 36px; border-radius: 8px; background: #4a154b; color: #fff; display: flex;
  align-items: center; justify-content: center; font-weight: 700; font-size: 18px; }
.post > div:last-child { min-width: 0; flex: 1; }
.who { font-weight: 900; }
.app { font-size: 10px; font-weight: 700; background: #e8e8e8; color: #616061; border-radius: 2px; padding: 1px 3px;
  margin: 0 6px; vertical-align: 1px; }
.when { color: #616061; font-size: 12px; }
h1 { font-size: 18px; line-height: 1.33; font-weight: 900; margin: 4px 0 8px; overflow-wrap: anywhere; }
.attachment { border-left: 4px solid; border-radius: 4px; padding: 2px 0 2px 12px; }
.block { margin: 0 0 8px; overflow-wrap: anywhere; white-space: pre-wrap; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; margin: 0 0 8px; }
.fields div { overflow-wrap: anywhere; white-space: pre-wrap; }
ul { margin: 0; padding-left: 26px; white-space: normal; }
pre { font: 12px/1.5 "DejaVu Sans Mono", monospace; background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px;
  padding: 8px; margin: 4px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: 12px "DejaVu Sans Mono", monospace; background: #f8f8f8; border: 1px solid #ddd; border-radius: 3px;
  color: #c01343; padding: 1px 3px; }
a { color: #1264a3; text-decoration: none; }
.context { color: #616061; font-size: 13px; }
button { font: 700 13px sans-serif; background: #fff; border: 1px solid #bbb; border-radius: 4px; padding: 5px 12px;
  margin: 0 8px 4px 0; color: #1d1c1d; }
button.danger { background: #e01e5a; border-color: #e01e5a; color: #fff; }
"""
_BOLD = re.compile(r"\*([^*\n]+)\*")
_MRKDWN = re.compile(r"<(https?://[^<>|\s]+)(?:\|([^<>]*))?>|([^<]+|<)")


def page_of(payload: Mapping[str, Any]) -> str:
    """Return a page that shows the arguments of a ``chat.postMessage``."""
    outside = "".join(map(_block, payload["blocks"]))
    inside = "".join(map(_attachment, payload["attachments"]))
    body = (
        '<div class="post"><div class="face">H</div><div><span class="who">Headgate</span>'
        f'<span class="app">APP</span><span class="when">3:43 AM</span>{outside}{inside}</div></div>'
    )
    return page("Slack", _STYLE, body)


def _attachment(attachment: Mapping[str, Any]) -> str:
    inside = "".join(map(_block, attachment["blocks"]))
    return f'<div class="attachment" style="border-color: {escape(attachment["color"])}">{inside}</div>'


def _block(block: Mapping[str, Any]) -> str:
    shown = {
        "header": lambda: f"<h1>{escape(block['text']['text'])}</h1>",
        "section": lambda: _section(block),
        "context": lambda: "".join(
            f'<div class="block context">{escape(each["text"])}</div>' for each in block["elements"]
        ),
        "actions": lambda: f'<div class="block">{"".join(map(_button, block["elements"]))}</div>',
        "rich_text": lambda: f'<div class="block">{"".join(map(_rich, block["elements"]))}</div>',
    }
    return shown[block["type"]]()


def _section(block: Mapping[str, Any]) -> str:
    if "fields" in block:
        return f'<div class="fields">{"".join(f"<div>{_mrkdwn(each)}</div>" for each in block["fields"])}</div>'
    return f'<div class="block">{_mrkdwn(block["text"])}</div>'


def _rich(element: Mapping[str, Any]) -> str:
    inside = element["elements"]
    match element["type"]:
        case "rich_text_list":
            return f"<ul>{''.join(f'<li>{_rich(each)}</li>' for each in inside)}</ul>"
        case "rich_text_preformatted":
            return f"<pre>{''.join(map(_piece, inside))}</pre>"
        case _:
            return f"<div>{''.join(map(_piece, inside))}</div>"


def _piece(piece: Mapping[str, Any]) -> str:
    shown = escape(piece["text"])
    if piece["type"] == "link":
        return f'<a href="{escape(piece["url"])}">{shown}</a>'
    for style, tag in (("bold", "b"), ("italic", "i"), ("code", "code")):
        if piece.get("style", {}).get(style):
            shown = f"<{tag}>{shown}</{tag}>"
    return shown


def _mrkdwn(text: Mapping[str, Any]) -> str:
    """Show what is ours of mrkdwn: bold, links and the three escapes."""
    return "".join(
        f'<a href="{escape(url)}">{escape(unescape(label or url))}</a>' if url else _bold(words)
        for url, label, words in _MRKDWN.findall(text["text"])
    )


def _bold(words: str) -> str:
    return _BOLD.sub(r"<b>\1</b>", escape(unescape(words)))


def _button(button: Mapping[str, Any]) -> str:
    style = f' class="{button["style"]}"' if "style" in button else ""
    return f"<button{style}>{escape(button['text']['text'])}</button>"
