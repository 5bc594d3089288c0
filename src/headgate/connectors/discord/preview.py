"""A page that shows a message about as Discord's dark theme does. Pure: made of the payload alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from headgate.connectors import preview
from headgate.connectors.discord.reading import inline, to_html

_STYLE = """
body { background: #313338; color: #dbdee1; font-family: "Noto Sans", "DejaVu Sans", sans-serif; line-height: 1.375; }
.message { display: flex; gap: 16px; }
.face { flex: none; width: 40px; height: 40px; border-radius: 50%; background: #5865f2; color: #fff;
  font-weight: 600; font-size: 18px; text-align: center; line-height: 40px; }
.name { color: #f2f3f5; font-weight: 600; }
.app { background: #5865f2; color: #fff; font-size: 10px; font-weight: 600; border-radius: 3px; padding: 1px 4px;
  vertical-align: 2px; margin: 0 6px; }
.when { color: #949ba4; font-size: 12px; }
.content { overflow-wrap: anywhere; }
.embed { background: #2b2d31; border-left: 4px solid; border-radius: 4px; padding: 8px 16px 14px 12px; margin-top: 6px;
  max-width: 516px; font-size: 14px; overflow-wrap: anywhere; }
.embed > div { margin-top: 8px; }
.fields { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; }
.field { grid-column: 1 / -1; } .field.inline { grid-column: auto; }
.field b { color: #f2f3f5; font-weight: 600; display: block; }
.embed img { max-width: 400px; border-radius: 4px; display: block; }
.footer { color: #c4c9ce; font-size: 12px; }
pre { background: #1e1f22; border: 1px solid #26282c; border-radius: 4px; padding: 7px; margin: 4px 0 0;
  white-space: pre-wrap; overflow-wrap: anywhere; font: 12.5px/1.3 "DejaVu Sans Mono", monospace; color: #c4c9ce; }
code { background: #1e1f22; border-radius: 4px; padding: 1px 3px; font: 12px "DejaVu Sans Mono", monospace; }
ul { margin: 2px 0; padding-left: 18px; } a { color: #00a8fc; text-decoration: none; }
.row { display: flex; gap: 8px; margin-top: 8px; }
.button { background: #4e5058; color: #fff; border-radius: 8px; padding: 7px 16px; font-size: 14px; font-weight: 500; }
.danger { background: #da373c; }
"""
_DANGER = 4


def page_of(payload: Mapping[str, Any], image: bytes | None = None) -> str:
    """Return the page for the body of a ``POST /channels/{id}/messages``; ``image`` goes with it as an attachment."""
    embeds = payload["embeds"]
    stamp = _moment(embeds[-1].get("timestamp", "")) if embeds else ""
    body = f"""<div class="message"><div class="face">H</div><div>
<div><span class="name">Headgate</span><span class="app">APP</span><span class="when">{escape(stamp)}</span></div>
<div class="content">{to_html(payload["content"])}</div>
{"".join(_embed(embed, image, payload) for embed in embeds)}
{"".join(_row(row["components"]) for row in payload.get("components", ()))}
</div></div>"""
    return preview.page("Discord", _STYLE, body)


def _embed(embed: Mapping[str, Any], image: bytes | None, payload: Mapping[str, Any]) -> str:
    parts: list[str] = []
    if "description" in embed:
        parts.append(f"<div>{to_html(embed['description'])}</div>")
    if "fields" in embed:
        parts.append(f'<div class="fields">{"".join(map(_field, embed["fields"]))}</div>')
    if "image" in embed and image is not None:
        alternative = payload["attachments"][0]["description"]
        parts.append(f"<div>{preview.picture(image, alternative)}</div>")
    small = [embed.get("footer", {}).get("text", ""), _moment(embed.get("timestamp", ""))]
    if any(small):
        parts.append(f'<div class="footer">{escape(" • ".join(part for part in small if part))}</div>')
    return f'<div class="embed" style="border-color: #{embed["color"]:06x}">{"".join(parts)}</div>'


def _field(field: Mapping[str, Any]) -> str:
    beside = " inline" if field["inline"] else ""
    return f'<div class="field{beside}"><b>{inline(field["name"])}</b>{to_html(field["value"])}</div>'


def _row(buttons: Sequence[Mapping[str, Any]]) -> str:
    shown = (
        f'<span class="button{" danger" if button["style"] == _DANGER else ""}">{escape(button["label"])}</span>'
        for button in buttons
    )
    return f'<div class="row">{"".join(shown)}</div>'


def _moment(stamp: str) -> str:
    return datetime.fromisoformat(stamp).strftime("%d/%m/%Y %H:%M") if stamp else ""
