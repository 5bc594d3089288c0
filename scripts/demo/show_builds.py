"""What the fourth act prints."""

from __future__ import annotations

import time

from rich.console import Console
from rich.text import Text

from headgate.cli.output import plain
from scripts.demo.timeline import clock

_INDENT = " " * 10
_COLOURS = {"|finished|": "green", "|test result|": "green", "|uploaded|": "green", "|not uploaded|": "red"}


def said(out: Console, who: str, text: str) -> None:
    """Show what somebody wrote into the pull request."""
    out.print(Text.assemble((f"{who} in pull request 7  ", "dim"), (text, "bold")))


def new_lines(known: str, body: str) -> list[str]:
    """Return the lines that a comment got since it was shown; of one whose text was changed, all of it."""
    if known and body.startswith(known):
        body = body[len(known) :]
    lines = body.strip().splitlines()
    return [line for line in lines if not line.startswith("<!--")]


def growth(out: Console, known: str, body: str) -> None:
    """Show what is new in a comment, as Markdown, with the time; nothing if nothing is."""
    if body == known:
        return
    what = "the bot's comment grows" if known and body.startswith(known) else "the bot writes"
    out.print(Text(f"{clock(time.time())}  {what}", style="dim"))
    for line in new_lines(known, body):
        colour = next((colour for word, colour in _COLOURS.items() if word in line), "cyan")
        out.print(Text(f"{_INDENT}{plain(line)}".rstrip(), style=colour), soft_wrap=True)
