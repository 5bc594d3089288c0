"""The noun: what can be done with the mail spool."""

from __future__ import annotations

import click

from headgate.cli.spool.drop import drop
from headgate.cli.spool.list import list_
from headgate.cli.spool.retry import retry
from headgate.cli.spool.show import show


@click.group()
def spool() -> None:
    """Mails from Slurm that wait to be read, and those that could not be."""


spool.add_command(list_)
spool.add_command(show)
spool.add_command(retry)
spool.add_command(drop)
