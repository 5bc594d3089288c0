"""``headgate config``: what is set, from where, and what is wrong with it."""

from __future__ import annotations

import click

from headgate.cli.config.check import check
from headgate.cli.config.convert import convert
from headgate.cli.config.sample import sample
from headgate.cli.config.show import show


@click.group()
def group() -> None:
    """Check and show the configuration, or make one."""


group.add_command(check)
group.add_command(show)
group.add_command(sample)
group.add_command(convert)
