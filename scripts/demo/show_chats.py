"""What the second act prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from headgate.cli.output import plain
from scripts.demo.got import Got
from scripts.demo.play import Job, sbatch_words

_RECEIVERS = "--mail-user="
_INDENT = " " * 9
_TARGET_WIDTH = 16


def submission(out: Console, number: int, job: Job) -> None:
    """Say that a job with many receivers was submitted, each in a line of its own."""
    *words, receivers = sbatch_words(job)
    out.print(Text.assemble((f"{job.user}$ ", "dim"), "sbatch ", " ".join(words), " \\"), soft_wrap=True)
    more = f",\n{' ' * len(f'{_INDENT}{_RECEIVERS}')}"
    out.print(Text(_INDENT + receivers.replace(",", more)), soft_wrap=True)
    out.print(Text(f"     job {number} {job.plot}", style="cyan"))


def command(out: Console, user: str, line: str, printed: str) -> None:
    """Show a command of a user's and what it printed."""
    out.print(Text.assemble((f"{user}$ ", "dim"), line))
    out.print(Text("\n".join(f"  {plain(row)}".rstrip() for row in printed.rstrip().splitlines())), soft_wrap=True)


def talk(out: Console, user: str, said: str, answer: str) -> None:
    """Show what somebody said to the bot, and what it answered."""
    out.print(Text.assemble((f"{user} to the bot  ", "dim"), said))
    first, *rows = [plain(row) for row in answer.rstrip().splitlines()]
    out.print(Text.assemble(("the bot         ", "dim"), first), soft_wrap=True)
    for row in rows:
        out.print(Text(f"{' ' * 16}{row}".rstrip()), soft_wrap=True)


def messages(out: Console, got: Sequence[Got]) -> None:
    """Show what the services got: who, where, what people read first, and the buttons."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("service", "target", "title", "buttons"):
        table.add_column(column, overflow="fold", no_wrap=column in ("service", "target"))
    for one in got:
        target = one.target if len(one.target) <= _TARGET_WIDTH else f"{one.target[: _TARGET_WIDTH - 1]}…"
        table.add_row(one.service, Text(plain(target)), Text(plain(one.title)), Text(plain(", ".join(one.buttons))))
    out.print(table)


def pages(out: Console, pictures: Sequence[Path]) -> None:
    """Say where the pictures of the messages are."""
    out.print()
    out.print(Text("How each shows it (a page beside each picture, with .html):", style="dim italic"))
    for picture in pictures:
        out.print(Text(f"  {picture}", style="cyan"), soft_wrap=True)
