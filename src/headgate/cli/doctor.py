"""``headgate doctor``."""

from __future__ import annotations

import asyncio
import sys

import click

from headgate.cli.config.reading import read_configuration
from headgate.cli.findings import show
from headgate.cli.output import json_option, show_json


@click.command()
@click.option("-q", "--quiet", is_flag=True, help="Show only what is not well.")
@json_option
def doctor(*, quiet: bool, as_json: bool) -> None:
    """Look at all that Headgate needs; say what is wrong, and what to do.

    Slurm, the store, the spool, the executor, the service, sources, bots, deliveries and what builds need are looked
    at; what is written for a try is removed, and nobody is told anything. Run it as Headgate's account, on the host of
    the service. The exit status is 1 if something is wrong; notes leave it 0.
    """
    from headgate.model.finding import Level
    from headgate.service.doctor.examine import examine

    found = asyncio.run(examine(read_configuration()))
    shown = [one for one in found if not quiet or one.level is not Level.WELL]
    if as_json:
        show_json([one.as_json() for one in shown])
    else:
        show(shown)
        if not any(one.level is Level.WRONG for one in found):
            click.echo("Nothing is wrong.")
    sys.exit(1 if any(one.level is Level.WRONG for one in found) else 0)
