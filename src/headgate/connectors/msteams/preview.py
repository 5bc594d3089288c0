"""A page that shows a card about as Teams does, made from what is posted. Pure; no script runs in it."""

from __future__ import annotations

from html import escape
from typing import Any

from headgate.connectors.preview import page

_STYLE = """
body { background: #f5f5f5; color: #242424;
  font: 14px/20px "Segoe UI", "Open Sans", "Noto Sans", "DejaVu Sans", sans-serif; }
.post { display: flex; gap: 10px; }
.face { flex: none; width: 32px; height: 32px; border-radius: 50%; background: #5b5fc7; color: #fff; font-weight: 600;
  text-align: center; line-height: 32px; }
.who { color: #616161; font-size: 12px; margin: 0 0 4px; }
.who b { color: #242424; font-weight: 600; }
.card { width: 580px; max-width: 100%; background: #fff; border-radius: 6px; overflow: hidden; padding-bottom: 16px;
  box-shadow: 0 1px 3px rgba(0, 0, 0, .18); }
.card > * { margin-left: 16px; margin-right: 16px; }
.card > .bleed { margin: 0; padding: 12px 16px; }
.Container { padding: 8px 12px; border-radius: 4px; }
.emphasis { background: #f0f0f0; } .good { background: #e7f2da; } .attention { background: #f9e4e6; }
.warning { background: #fbf6d9; } .accent { background: #e8ebfa; }
.Medium { margin-top: 12px; } .Small { margin-top: 4px; } .None { margin-top: 0; } .Default { margin-top: 8px; }
.ColumnSet { display: flex; gap: 8px; }
.ColumnSet .text:first-child, .Container > :first-child { margin-top: 0; }
.stretch { flex: 1; min-width: 0; } .fixed { flex: none; width: 130px; }
.text { overflow-wrap: anywhere; white-space: pre-wrap; }
.Bolder { font-weight: 600; } .s-Large { font-size: 18px; line-height: 24px; }
.s-Small { font-size: 12px; line-height: 16px; }
.subtle { color: #616161; } .c-Attention { color: #c4314b; } .c-Good { color: #13701f; } .c-Warning { color: #835c00; }
.c-Accent { color: #4f52b2; }
.mono { font-family: Consolas, "DejaVu Sans Mono", monospace; letter-spacing: 0; }
.actions { display: flex; gap: 8px; flex-wrap: wrap; margin-top: 16px; }
.action { border: 1px solid #d1d1d1; border-radius: 4px; padding: 5px 12px; font-weight: 600; color: #242424; }
"""


def page_of(payload: dict[str, Any]) -> str:
    """Return a whole page that shows a posted message's card. Elements that no card of ours has are left out."""
    card = payload["attachments"][0]["content"]
    inner = "".join(_element(element) for element in card["body"]) + _actions(card.get("actions", []))
    body = (
        '<div class="post"><div class="face">W</div><div><p class="who"><b>Workflows</b> via Power Automate</p>'
        f'<div class="card">{inner}</div></div></div>'
    )
    return page(card["fallbackText"], _STYLE, body)


def _element(element: dict[str, Any]) -> str:
    if element.get("isVisible") is False:
        return ""
    spacing = element.get("spacing", "Default")
    match element["type"]:
        case "Container":
            inner = "".join(_element(item) for item in element["items"])
            bleed = " bleed" if element.get("bleed") else ""
            return f'<div class="Container {element["style"]}{bleed} {spacing}">{inner}</div>'
        case "ColumnSet":
            columns = "".join(_column(column) for column in element["columns"])
            return f'<div class="ColumnSet {spacing}">{columns}</div>'
        case "RichTextBlock":
            return f'<div class="text {spacing}">{"".join(_run(run) for run in element["inlines"])}</div>'
        case "TextBlock":
            return f'<div class="text {spacing}">{escape(element["text"])}</div>'
    return ""


def _column(column: dict[str, Any]) -> str:
    inner = "".join(_element(item) for item in column["items"])
    return f'<div class="{"stretch" if column["width"] == "stretch" else "fixed"}">{inner}</div>'


def _run(run: dict[str, Any] | str) -> str:
    if isinstance(run, str):
        return escape(run)
    classes = [
        run.get("weight", ""),
        f"s-{run['size']}" if "size" in run else "",
        f"c-{run['color']}" if "color" in run else "",
        "subtle" if run.get("isSubtle") else "",
        "mono" if run.get("fontType") == "Monospace" else "",
    ]
    return f'<span class="{" ".join(filter(None, classes))}">{escape(run["text"])}</span>'


def _actions(actions: list[dict[str, Any]]) -> str:
    if not actions:
        return ""
    return f'<div class="actions">{"".join(_action(action) for action in actions)}</div>'


def _action(action: dict[str, Any]) -> str:
    return f'<span class="action" title="{escape(action["url"])}">{escape(action["title"])}</span>'
