"""A bot's answer as Slack's blocks. Pure."""

from __future__ import annotations

from headgate.bots.chat import Answer
from headgate.connectors.slack import blocks
from headgate.connectors.slack.blocks import Block, text
from headgate.connectors.slack.markup import clip, escape
from headgate.model.text import one_line

_TEXT = 3000
_CODE = 5000
_LINE = 400
_FALLBACK = 600
_ITEM = "- "
_NOTHING = "Nothing to show."


def said(answer: Answer) -> Block:
    """Return the arguments that say an answer, without those that say where."""
    lines = [one_line(line, _LINE) for line in clip(answer.text, _TEXT).split("\n")]
    shown = blocks.rich(*_paragraphs(lines), *_fixed(answer.code))
    return {
        "text": escape(clip(" ".join(lines).strip() or _NOTHING, _FALLBACK)),
        "blocks": [*(shown or blocks.context([_NOTHING])), *blocks.actions(answer.buttons)],
        "parse": "none",
        "link_names": False,
    }


def _paragraphs(lines: list[str]) -> list[Block]:
    """Return rich text: lines that begin with ``- `` as lists, the others as they are."""
    shown: list[Block] = []
    run: list[str] = []
    listed = False
    for line in [*lines, None]:
        if line is None or line.startswith(_ITEM) is not listed:
            if any(run):
                shown.append(blocks.bullets(run) if listed else blocks.line(text("\n".join(run).strip("\n"))))
            run = []
        if line is not None:
            listed = line.startswith(_ITEM)
            run.append(line.removeprefix(_ITEM) if listed else line)
    return shown


def _fixed(code: str) -> list[Block]:
    """Return the code as it is, cut in front where it is too long: its end says most."""
    lines = code.expandtabs().strip("\n").splitlines()
    kept: list[str] = []
    room = _CODE
    for line in reversed(lines):
        room -= len(line) + 1
        if room < 0:
            kept.append("…")
            break
        kept.append(line)
    shown = "\n".join(reversed(kept))
    return [blocks.fixed(shown)] if shown.strip() else []
