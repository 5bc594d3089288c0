"""``headgate event``: the journal."""

from __future__ import annotations

import click

from headgate.cli.event.follow import follow
from headgate.cli.event.list import list_
from headgate.cli.event.show import show


@click.group()
def group() -> None:
    """See what happened."""


group.add_command(list_)
group.add_command(show)
group.add_command(follow)
