"""``headgate build cancel``, ``retry`` and ``replay``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from headgate.cli.account import account
from headgate.cli.options import Number, opened_store

if TYPE_CHECKING:
    from headgate.builds.changing import By


@click.command()
@click.argument("number", type=Number())
def cancel(number: int) -> None:
    """End build job NUMBER. The running service does it, and says so in the pull request."""
    from headgate.builds import changing

    with opened_store() as store:
        store.write_now(lambda connection: changing.cancel(connection, number, _by()))
    click.echo(f"build job {number} is being cancelled")


@click.command()
@click.argument("number", type=Number())
def retry(number: int) -> None:
    """Make build job NUMBER again: the same commit, for the same target, in a directory of its own."""
    from headgate.builds import changing

    with opened_store() as store:
        made = store.write_now(lambda connection: changing.retry(connection, number, _by()))
    click.echo(f"build job {made.id} makes it again")


@click.command()
@click.argument("event", type=Number())
def replay(event: int) -> None:
    """Do again what event EVENT of a pull request asks for (its number is in `headgate event list`).

    Commands are answered again. A build that was made at this commit already is not made twice.
    """
    from headgate.builds import changing

    with opened_store() as store:
        store.write_now(lambda connection: changing.replay(connection, event, _by()))
    click.echo(f"event {event} is done again")


def _by() -> By:
    from headgate.builds.changing import By

    return By(account(), "command line", time.time())
