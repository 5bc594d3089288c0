"""``headgate connector``: the configured ways to reach people."""

from __future__ import annotations

import click

from headgate.cli.connector.list import list_
from headgate.cli.connector.show import show
from headgate.cli.connector.trial import trial


@click.group()
def group() -> None:
    """See the ways to reach people, and try them."""


group.add_command(list_)
group.add_command(show)
group.add_command(trial)
