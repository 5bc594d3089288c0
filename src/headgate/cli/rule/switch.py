"""``headgate rule enable`` and ``disable``."""

from __future__ import annotations

import time

import click
from sqlalchemy import Connection

from headgate.cli.account import account


@click.command()
@click.argument("ref")
def enable(ref: str) -> None:
    """Switch rule REF on, whatever its file says. Also takes up again one that was stopped."""
    _switch(ref, enabled=True)


@click.command()
@click.argument("ref")
def disable(ref: str) -> None:
    """Switch rule REF off, whatever its file says. What it has begun goes on."""
    _switch(ref, enabled=False)


def _switch(ref: str, *, enabled: bool) -> None:
    from headgate.actions.caller import on_command_line
    from headgate.cli.rule.site import opened_rules
    from headgate.rules import book

    with opened_rules() as site:
        rule, caller, now = site.get(ref), on_command_line(account()), time.time()

        def work(connection: Connection) -> None:
            book.switch(connection, rule, caller, enabled=enabled, now=now)

        site.store.write_now(work)
    click.echo(f"{rule.ref} is {'on' if enabled else 'off'}")
