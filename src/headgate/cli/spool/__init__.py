"""``headgate spool``: mails that wait to be read, and those that could not be."""

from __future__ import annotations

import click

from headgate.cli.spool.change import drop, retry
from headgate.cli.spool.list import list_
from headgate.cli.spool.show import show


@click.group()
def group() -> None:
    """See what Slurm handed over and could not be read."""


group.add_command(list_)
group.add_command(show)
group.add_command(retry)
group.add_command(drop)
