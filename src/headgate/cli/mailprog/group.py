"""The noun: what can be done with the hand-off program."""

from __future__ import annotations

import click

from headgate.cli.mailprog.install import install


@click.group()
def mailprog() -> None:
    """The program to which Slurm hands its mails (MailProg in slurm.conf)."""


mailprog.add_command(install)
