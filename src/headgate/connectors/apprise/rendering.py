"""A message as a title and a body, in plain text, Markdown or HTML. Pure.

Apprise hands the body to services that each have signs of their own (mentions, links, formatting), which nobody can
know in general. So what stands for a mention or an address almost everywhere is parted by an invisible character
(U+200B), in every form; what the form itself gives a meaning to is escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from headgate.connectors.apprise.service import Form, Service
from headgate.connectors.bounds import Bounds
from headgate.connectors.style import STYLES
from headgate.model.message import Message, Outcome
from headgate.model.text import ELLIPSIS, one_line

BOUNDS = Bounds(facts=30, value=300, text=600, remarks=10, links=5, log_lines=30, log_line=200, digest=200)
MAX_BODY = 20_000
"""Characters of a body, however much a service takes."""
_MAX_TITLE = 250
GAP = "\u200b"
_PARTED = re.compile(r"@|<(?=[!@#:a-zA-Z/])|:(?=//|[a-z0-9_+-]+:)(?<!\d:)|[Ww]{3}(?=\.)|\](?=\()")
_MARKDOWN = re.compile(r"[\\`*_\[\]<>~|]")
_IN_ADDRESS = re.compile(r"[\s<>()\[\]\\`*|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""What Markdown would read in an address; an underscore inside a word is none of it."""
_AT_START = re.compile(r"(?=[-+=#]|\d{1,9}[.)])")
_TYPES = {
    Outcome.SUCCEEDED: "success",
    Outcome.FAILED: "failure",
    Outcome.OUT_OF_MEMORY: "failure",
    Outcome.TIMED_OUT: "failure",
    Outcome.MIXED: "failure",
    Outcome.CANCELLED: "warning",
    Outcome.WARNING: "warning",
    Outcome.REQUEUED: "warning",
}
"""Apprise's words, by which services choose colours and signs; all else is ``info``."""


@dataclass(frozen=True, slots=True)
class Text:
    """What Apprise is given."""

    title: str
    body: str
    form: Form
    type: str


def text_of(message: Message, service: Service, body: str | None = None) -> Text:
    """Return a bounded message as the service's text; ``body`` is the site's own, in the service's form."""
    escape, room = escape_for(service.form), min(service.body, MAX_BODY)
    style = STYLES[message.outcome]
    headline = f"{style.sign} {one_line(message.title, _MAX_TITLE) or style.word}"
    # A title is plain text: where a service makes it part of something formatted, Apprise's plugin escapes it.
    title = one_line(parted(headline), service.title) if service.title else ""
    blocks = [] if title else [_strong(escape(headline), service.form)]
    blocks += [body] if body is not None else list(_blocks(message, service.form, escape))
    return Text(title, _fitting(blocks, service.form, room), service.form, _TYPES.get(message.outcome, "info"))


def parted(text: str) -> str:
    """Return foreign text without a mention or an address in it."""
    return _PARTED.sub(rf"\g<0>{GAP}", text)


def escape_for(form: Form) -> Callable[[str], str]:
    """Return what makes one line of foreign text plain in a form."""
    return {Form.TEXT: parted, Form.MARKDOWN: _markdown, Form.HTML: lambda text: html.escape(parted(text))}[form]


def _markdown(text: str) -> str:
    escaped = _MARKDOWN.sub(r"\\\g<0>", parted(text).replace("&", f"&{GAP}"))
    return _AT_START.sub(GAP, escaped, count=1) if _AT_START.match(escaped) else escaped


def _strong(text: str, form: Form) -> str:
    return {Form.TEXT: text, Form.MARKDOWN: f"**{text}**", Form.HTML: f"<b>{text}</b>"}[form]


def _blocks(message: Message, form: Form, escape: Callable[[str], str]) -> Iterator[str]:
    """Yield the parts in the order in which they matter; each is whole by itself."""
    if message.summary:
        yield escape(message.summary)
    items = [f"{STYLES[line.outcome].sign} {line.text}" for line in message.digest]
    items += [f"{bar.label}: {bar.fraction:.0%}, {bar.text}" for bar in message.bars]
    items += [f"{fact.label}: {fact.value}" for fact in message.facts]
    yield from (_item(escape(item), form) for item in items)
    yield from (escape(remark) for remark in (*message.hints, *message.notes) if remark)
    for link in message.links:
        if link.url.startswith(("https://", "http://")):
            yield _link(escape(link.label), link.url, form)
    if message.log is not None and message.log.lines:
        yield _log(message.log.path, message.log.lines, form, escape)


def _item(text: str, form: Form) -> str:
    return f"• {text}" if form is Form.HTML else f"- {text}"


def _link(label: str, url: str, form: Form) -> str:
    if form is Form.HTML:
        return f'<a href="{html.escape(url)}">{label or html.escape(url)}</a>'
    shown = _IN_ADDRESS.sub(lambda found: f"%{ord(found[0]):02X}", url)
    return f"{label}: {shown}" if label else shown


def _log(path: str, lines: tuple[str, ...], form: Form, escape: Callable[[str], str]) -> str:
    head = escape(f"Last lines of {path}" if path else "Last lines of the output")
    if form is Form.HTML:
        return f"{head}\n<pre>{html.escape(parted(chr(10).join(lines)))}</pre>"
    if form is Form.MARKDOWN:
        inside = parted("\n".join(lines)).replace("``", f"`{GAP}`{GAP}")
        return f"{head}\n```\n{inside}\n```"
    return "\n".join((head, *(f"  {parted(line)}" for line in lines)))


def _fitting(blocks: list[str], form: Form, room: int) -> str:
    """Join the blocks that fit, items of a list closely; what does not fit is left out whole, and counted."""
    end = "<br>\n" if form is Form.HTML else "\n"
    room -= 2 * len(end) + 32
    text, listed = "", False
    for number, block in enumerate(blocks):
        item = block.startswith(("- ", "• "))
        joined = f"{text}{end if listed and item else end * 2}{block}" if text else block
        if len(joined) > room:
            return f"{text}{end * 2 if text else ''}{ELLIPSIS} {len(blocks) - number} parts left out"
        text, listed = joined, item
    return text
