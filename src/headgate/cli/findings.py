"""How what a doctor found is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from headgate.cli.output import plain
from headgate.model.finding import Finding, Level

_MARKS: Final = {Level.WELL: ("ok", "green"), Level.NOTE: ("note", "yellow"), Level.WRONG: ("WRONG", "red")}


def show(found: Sequence[Finding]) -> None:
    """Print each in a line, and below it what to do."""
    width = max((len(one.area) for one in found), default=0)
    for one in found:
        word, colour = _MARKS[one.level]
        click.echo(f"{click.style(f'{word:5}', fg=colour)}  {plain(one.area):{width}}  {plain(one.what)}")
        if one.advice:
            click.echo(f"{'':5}  {'':{width}}  -> {plain(one.advice)}")
