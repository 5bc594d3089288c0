"""``headgate mailprog``: the program that slurm.conf's MailProg names."""

from __future__ import annotations

import click

from headgate.cli.mailprog.install import install


@click.group()
def group() -> None:
    """Put the mail hand-off into Slurm's way."""


group.add_command(install)
