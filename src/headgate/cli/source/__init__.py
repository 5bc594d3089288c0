"""``headgate source``: where events come from."""

from __future__ import annotations

import click

from headgate.cli.source.list import list_


@click.group()
def group() -> None:
    """See where events come from, and what is wrong there."""


group.add_command(list_)
