"""``headgate rule``: what is done when something happens."""

from __future__ import annotations

import click

from headgate.cli.rule.check import check
from headgate.cli.rule.list import list_
from headgate.cli.rule.show import show
from headgate.cli.rule.switch import disable, enable
from headgate.cli.rule.test import test


@click.group()
def group() -> None:
    """See, try and switch the rules: what is done when something happens."""


group.add_command(list_)
group.add_command(show)
group.add_command(check)
group.add_command(test)
group.add_command(enable)
group.add_command(disable)
