"""``headgate pack``: Headgate as a pack of StackStorm's."""

from __future__ import annotations

import click

from headgate.cli.pack.build import build


@click.group("pack")
def group() -> None:
    """Make Headgate's actions a pack of StackStorm's."""


group.add_command(build)
