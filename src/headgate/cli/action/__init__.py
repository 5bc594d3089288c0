"""``headgate action``: act on the cluster, as rules and programs do."""

from __future__ import annotations

import click

from headgate.cli.action.list import list_
from headgate.cli.action.run import run
from headgate.cli.action.show import show


@click.group("action")
def group() -> None:
    """Act on the cluster: see what actions there are, and run them."""


for _command in (list_, show, run):
    group.add_command(_command)
