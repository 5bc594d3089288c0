"""``headgate execution``: what rules have begun."""

from __future__ import annotations

import click

from headgate.cli.execution.decide import approve, cancel, refuse
from headgate.cli.execution.list import list_
from headgate.cli.execution.show import show


@click.group()
def group() -> None:
    """See what rules have begun and what came of it; approve, refuse and cancel."""


group.add_command(list_)
group.add_command(show)
group.add_command(approve)
group.add_command(refuse)
group.add_command(cancel)
