"""A bounded message as the arguments of ``chat.postMessage``. Pure.

The title is a header block; everything else stands in one attachment, whose bar on the left has the outcome's colour.
An attachment with blocks may hold nothing else: https://docs.slack.dev/messaging/formatting-message-text#attachments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from headgate.bots.chat import Button
from headgate.connectors.bounds import Bounds
from headgate.connectors.slack import blocks
from headgate.connectors.slack.blocks import Block, text
from headgate.connectors.slack.markup import clip, escape, is_literal, pieces, units
from headgate.connectors.style import STYLES
from headgate.model.message import Bar, Fact, Link, LogTail, Message, Outcome

BOUNDS = Bounds(
    title=147,
    text=500,
    label=40,
    value=500,
    url=2000,
    facts=24,
    bars=8,
    remarks=8,
    links=3,
    log_lines=30,
    log_line=160,
    digest=600,
)
DIGEST_ROOM = 6000
"""Characters of a digest's lines that fit beside what else such a message says."""
ROOM = 10_000
"""Weight of all blocks: Slack refuses somewhat above 11,000 (``msg_blocks_too_long``)."""
_LOG_ROOM = 3000
_COLUMN = 60
"""Characters of a value that is shown in a column, longer ones get a line; and of what stands beside a bar."""
_WEB = re.compile(r"https?://[A-Za-z0-9\[][!#-;=?-\[\]_a-z~]*", re.ASCII)
"""Headgate's own addresses; a quote, a bracket or a bar would be no part of one."""
_CELLS = 10
_NO_NAME = "(no name)"
_PORTION = 2000
"""Characters of a digest in one block."""
_FIRST_TO_LAST = (
    Outcome.FAILED,
    Outcome.OUT_OF_MEMORY,
    Outcome.TIMED_OUT,
    Outcome.MIXED,
    Outcome.CANCELLED,
    Outcome.WARNING,
    Outcome.REQUEUED,
    Outcome.NEUTRAL,
    Outcome.SUCCEEDED,
    Outcome.STARTED,
)


def payload_of(message: Message, *, channel: str, buttons: Sequence[Button] = (), body: str | None = None) -> Block:
    """Return the arguments. ``body``: the site's own text, as mrkdwn, in place of all below the title."""
    title = f"{STYLES[message.outcome].sign} {message.title}".strip()
    inside = _inside(message, buttons, body)
    return {
        "channel": channel,
        "text": "\n".join(escape(words) for words in (title, message.summary) if words),
        "blocks": [blocks.header(title)],
        "attachments": [{"color": STYLES[message.outcome].colour, "blocks": inside}] if inside else [],
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _inside(message: Message, buttons: Sequence[Button], body: str | None) -> list[Block]:
    """Return the attachment's blocks: what must be there is weighed first, the rest gets the room that is left."""
    last = [*_links(message.links), *blocks.context(_foot(message)), *blocks.actions(buttons)]
    room = ROOM - blocks.weight(last)
    parts = [blocks.section(piece) for piece in pieces(body, blocks.MAX_SECTION)] if body else _parts(message)
    shown: list[Block] = []
    for part in parts:
        room -= blocks.weight(part)
        if room < 0 or len(shown) + len(last) + 3 > blocks.MAX_BLOCKS:
            shown += blocks.context(["The rest is left out: Slack's messages are limited."])
            break
        shown.append(part)
    return [*shown, *last]


def _parts(message: Message) -> list[Block]:
    return [
        *blocks.rich(blocks.line(text(message.summary))),
        *_facts(message.facts),
        *_bars(message.bars),
        *_hints(message.hints),
        *_digest(message),
        *(_log(message.log) if message.log else ()),
    ]


def _facts(facts: Sequence[Fact]) -> list[Block]:
    """Short values in columns, the rest a line each; so do values that mrkdwn could not show letter by letter."""
    named = [(fact.label or _NO_NAME, fact.value) for fact in facts if fact.value.strip()]
    short = [pair for pair in named if len(pair[1]) <= _COLUMN and is_literal(pair[1]) and is_literal(pair[0])]
    long = [pair for pair in named if pair not in short]
    lines = [blocks.line(text(label, bold=True), text("\n"), text(value)) for label, value in long]
    return [*blocks.fields(short), *(block for each in lines for block in blocks.rich(each))]


def _bars(bars: Sequence[Bar]) -> list[Block]:
    if not bars:
        return []
    width = min(max(len(bar.label) for bar in bars), 14)
    return blocks.rich(blocks.fixed("\n".join(_bar(bar, width) for bar in bars)))


def _bar(bar: Bar, width: int) -> str:
    full = min(max(round(bar.fraction * _CELLS), 0), _CELLS)
    cells = "\N{FULL BLOCK}" * full + "\N{LIGHT SHADE}" * (_CELLS - full)
    return f"{clip(bar.label, width):<{width}} {cells} {bar.fraction * 100:3.0f} %  {clip(bar.text, _COLUMN)}".rstrip()


def _hints(hints: Sequence[str]) -> list[Block]:
    return blocks.rich(blocks.line(text("Hints", bold=True)), blocks.bullets(hints)) if any(hints) else []


def _digest(message: Message) -> list[Block]:
    """Return the folded messages by outcome, the failures first."""
    shown: list[Block] = []
    for outcome in _FIRST_TO_LAST:
        lines = [f"\N{BULLET} {each.text or _NO_NAME}" for each in message.digest if each.outcome is outcome]
        style = STYLES[outcome]
        head = text(f"{style.sign} {style.word}\n", bold=True)
        for number, portion in enumerate(_portions(lines)):
            shown += blocks.rich(blocks.line(*(() if number else (head,)), text(portion)))
    return shown


def _portions(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines joined to texts of at most ``_PORTION`` characters or a line each."""
    held: list[str] = []
    for words in lines:
        if held and sum(map(len, held)) + len(words) > _PORTION:
            yield "\n".join(held)
            held = []
        held.append(words)
    if held:
        yield "\n".join(held)


def _log(log: LogTail) -> list[Block]:
    """Return the end of the output: as many of its last lines as there is room for."""
    kept: list[str] = []
    room = _LOG_ROOM
    for words in reversed(log.lines):
        room -= units(words) + 1
        if room < 0:
            break
        kept.append(words)
    shown = "\n".join(reversed(kept)).strip("\n")
    if not shown.strip():
        return []
    return blocks.rich(blocks.line(text("End of ", bold=True), text(log.path, code=True)), blocks.fixed(shown))


def _links(links: Iterable[Link]) -> list[Block]:
    made: list[Block] = []
    for each in links:
        if _WEB.fullmatch(each.url):
            made += [text("  ")] if made else []
            made.append(blocks.link(each.url, each.label.strip() or each.url))
    return blocks.rich(blocks.line(*made))


def _foot(message: Message) -> list[str]:
    """Return which job this is about, and what there is to know about the message itself."""
    job = message.job
    about = " · ".join(each for each in (job.cluster, f"job {job.job_id}", job.user) if each.strip()) if job else ""
    return [about, *message.notes]
