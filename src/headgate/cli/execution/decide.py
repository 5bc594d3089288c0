"""``headgate execution approve`` and ``cancel``."""

from __future__ import annotations

import time

import click

from headgate.cli.account import account
from headgate.cli.options import Number, opened_store

_VIA = "command line"


@click.command()
@click.argument("number", type=Number())
def approve(number: int) -> None:
    """Let execution NUMBER go on: one that wants approval, or one that asks whether to do a step again."""
    from headgate.rules import approval

    now, by = time.time(), account()
    with opened_store() as store:
        store.write_now(lambda connection: approval.approve(connection, number, by=by, via=_VIA, now=now))
    click.echo(f"execution {number} is approved")


@click.command()
@click.argument("number", type=Number())
def cancel(number: int) -> None:
    """End execution NUMBER: nothing more comes of it. What was done stays done."""
    from headgate.rules import approval

    now, by = time.time(), account()
    with opened_store() as store:
        store.write_now(lambda connection: approval.cancel(connection, number, by=by, via=_VIA, now=now))
    click.echo(f"execution {number} is cancelled")
