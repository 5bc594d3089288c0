"""``headgate audit``: who had something done, by which way, and what became of it."""

from __future__ import annotations

import click

from headgate.cli.audit.list import list_


@click.group()
def group() -> None:
    """See who had something done, and what became of it."""


group.add_command(list_)
