"""A page that shows about what a service would make of a message: for ``--render`` and for the documentation.

A connector fills it from its own payload, never from the message, so that the page shows what is really sent.
"""

from __future__ import annotations

import base64
from html import escape

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>
body {{ margin: 0; padding: 16px; max-width: 680px; font: 15px/1.45 "Noto Sans", "DejaVu Sans", sans-serif; }}
{style}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def page(title: str, style: str, body: str) -> str:
    """Return a whole page. ``title`` is plain text; ``style`` is CSS of ours, ``body`` HTML that is already escaped."""
    return _PAGE.format(title=escape(title), style=style, body=body)


def picture(png: bytes, alternative: str) -> str:
    """Return a picture as HTML that needs nothing from elsewhere."""
    return f'<img alt="{escape(alternative)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
