"""``headgate delivery``: the queue of messages, and what became of them."""

from __future__ import annotations

import click

from headgate.cli.delivery.change import drop, retry
from headgate.cli.delivery.list import list_
from headgate.cli.delivery.show import show


@click.group()
def group() -> None:
    """See who was told what, when, and why not yet."""


group.add_command(list_)
group.add_command(show)
group.add_command(retry)
group.add_command(drop)
