"""A title and a body about as services show them. Pure; HTML is shown as such, all else as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from headgate.connectors.preview import page

_COLOURS = {"success": "#1a7136", "failure": "#b4232c", "warning": "#8a5300", "info": "#0b5cad"}
_STYLE = """
body { background: #eef1f4; color: #1f2328; }
.note { background: #fff; border-radius: 10px; border-top: 5px solid; padding: 12px 16px;
  box-shadow: 0 1px 4px rgb(0 0 0 / 20%); }
.from { color: #57606a; font-size: 12px; display: flex; justify-content: space-between; margin-bottom: 6px; }
h1 { font-size: 16px; margin: 0 0 6px; overflow-wrap: anywhere; }
.body { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 14px; }
.body.html { white-space: normal; }
pre { white-space: pre-wrap; margin: 4px 0; font: 12.5px/1.5 "DejaVu Sans Mono", monospace; }
"""


def page_of(payload: Mapping[str, str]) -> str:
    """Return a page that shows what Apprise would be given."""
    form = payload["format"]
    body = payload["body"] if form == "html" else escape(payload["body"])
    title = f"<h1>{escape(payload['title'])}</h1>" if payload["title"] else ""
    return page(
        "Apprise",
        _STYLE,
        f'<div class="note" style="border-top-color: {_COLOURS[payload["type"]]}">'
        f'<div class="from"><span>{escape(payload["service"])}, by Apprise</span><span>now</span></div>'
        f'{title}<div class="body {escape(form)}">{body}</div></div>',
    )
