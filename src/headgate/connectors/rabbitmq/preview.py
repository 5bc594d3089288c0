"""A page that shows a message about as RabbitMQ's management pages show one that was fetched from a queue. Pure."""

from __future__ import annotations

import json
from html import escape

from headgate.connectors.preview import page
from headgate.connectors.rabbitmq.post import Post

_SHORT = 72
"""Characters on a line of JSON, where it can be broken."""
_STYLE = """
body { background: #fff; color: #444; }
h1 { font-size: 17px; font-weight: bold; color: #444; border-bottom: 1px solid #ddd; padding-bottom: 6px; }
h1 b { color: #f60; }
table { border-collapse: collapse; width: 100%; background: #fafafa; border: 1px solid #e4e4e4; }
th, td { text-align: left; vertical-align: top; padding: 5px 10px; border-bottom: 1px solid #e9e9e9; }
th { width: 120px; color: #666; font-weight: normal; text-align: right; }
td, pre { font-family: "Noto Sans Mono", "DejaVu Sans Mono", monospace; font-size: 12.5px; }
td table { border: 0; background: none; }
td table th, td table td { border: 0; padding: 0 10px 2px 0; }
.size { color: #888; font-size: 12px; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.4; }
"""


def page_of(post: Post) -> str:
    """Return the page: exchange, routing key, properties and payload."""
    properties = "".join(
        f"<tr><th>{escape(name)}:</th><td>{escape(_words(value))}</td></tr>"
        for name, value in post.properties().items()
    )
    body = _written(json.loads(post.body), 0)
    rows = (
        ("Exchange", escape(post.exchange) or "(AMQP default)"),
        ("Routing key", escape(post.routing_key)),
        ("Redelivered", "○"),
        ("Properties", f"<table>{properties}</table>"),
        (f'Payload<div class="size">{len(post.body)} bytes</div>', f"<pre>{escape(body, quote=False)}</pre>"),
    )
    table = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows)
    return page("RabbitMQ", _STYLE, f"<h1><b>Message 1</b></h1><table>{table}</table>")


def _words(value: object) -> str:
    return ", ".join(f"{name}: {inner}" for name, inner in value.items()) if isinstance(value, dict) else str(value)


def _written(value: object, depth: int) -> str:
    """Return JSON with what is short on one line."""
    short = json.dumps(value, ensure_ascii=False)
    if len(short) + depth <= _SHORT or not isinstance(value, dict | list) or not value:
        return short
    blanks = " " * (depth + 2)
    if isinstance(value, dict):
        inner = [f"{json.dumps(name)}: {_written(member, depth + 2)}" for name, member in value.items()]
    else:
        inner = [_written(member, depth + 2) for member in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    lines = ",\n".join(blanks + line for line in inner)
    return f"{opening}\n{lines}\n{' ' * depth}{closing}"
