"""``headgate trigger``: programs that slurmctld starts when something happens, ours among them."""

from __future__ import annotations

import click

from headgate.cli.trigger.install import install
from headgate.cli.trigger.list import list_
from headgate.cli.trigger.set import set_
from headgate.cli.trigger.unset import unset


@click.group()
def group() -> None:
    """Have Slurm start programs when something happens."""


for command in (install, list_, set_, unset):
    group.add_command(command)
