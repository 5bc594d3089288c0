"""``headgate doctor``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from headgate.cli.config.reading import read_configuration
from headgate.cli.output import json_option, plain, show_json

if TYPE_CHECKING:
    from headgate.service.doctor.finding import Finding

_MARKS = {"well": ("ok", "green"), "note": ("note", "yellow"), "wrong": ("WRONG", "red")}


@click.command()
@click.option("-q", "--quiet", is_flag=True, help="Show only what is not well.")
@json_option
def doctor(*, quiet: bool, as_json: bool) -> None:
    """Look at all that Headgate needs; say what is wrong, and what to do.

    Slurm, the store, the spool, the executor, the service, sources and deliveries are looked at; nothing is changed and
    nobody is told anything. Run it as Headgate's account, on the host of the service. The exit status is 1 if something
    is wrong; notes leave it 0.
    """
    from headgate.service.doctor.examine import examine
    from headgate.service.doctor.finding import Level

    found = asyncio.run(examine(read_configuration()))
    shown = [one for one in found if not quiet or one.level is not Level.WELL]
    if as_json:
        show_json([one.as_json() for one in shown])
    else:
        _show(shown)
        if not any(one.level is Level.WRONG for one in found):
            click.echo("Nothing is wrong.")
    sys.exit(1 if any(one.level is Level.WRONG for one in found) else 0)


def _show(found: Sequence[Finding]) -> None:
    width = max((len(one.area) for one in found), default=0)
    for one in found:
        word, colour = _MARKS[one.level.value]
        click.echo(f"{click.style(f'{word:5}', fg=colour)}  {plain(one.area):{width}}  {plain(one.what)}")
        if one.advice:
            click.echo(f"{'':5}  {'':{width}}  -> {plain(one.advice)}")
