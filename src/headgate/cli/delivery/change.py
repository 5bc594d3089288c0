"""``headgate delivery retry`` and ``drop``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import click
from sqlalchemy import Connection

from headgate.cli.account import account
from headgate.cli.delivery import fields
from headgate.cli.options import Number, opened_store
from headgate.cli.output import json_option, show_json

_LIMIT = 100_000


@click.command()
@click.argument("numbers", type=Number(), nargs=-1)
@fields.filter_options
@json_option
def retry(numbers: tuple[int, ...], *, as_json: bool, **values: Any) -> None:
    """Try deliveries again now: those NUMBERed, or all that the options choose (such as --state dead)."""
    _change("retried", numbers, values, "retry", as_json=as_json)


@click.command()
@click.argument("numbers", type=Number(), nargs=-1)
@fields.filter_options
@click.option("--why", default="dropped by an operator", show_default=True, help="Kept with the delivery.")
@json_option
def drop(numbers: tuple[int, ...], why: str, *, as_json: bool, **values: Any) -> None:
    """Take deliveries out of the queue: those NUMBERed, or all that the options choose."""
    _change("dropped", numbers, values, "drop", why, as_json=as_json)


def _change(
    what: str,
    numbers: Sequence[int],
    values: dict[str, Any],
    change: str,
    why: str = "",
    *,
    as_json: bool,
) -> None:
    from headgate.store import deliveries
    from headgate.store.delivery_changes import Change, Operator
    from headgate.store.delivery_changes import change as changed_by

    if not numbers and not any(values.values()):
        raise click.UsageError("say which: numbers, or at least one option such as --state dead")
    if numbers and any(values.values()):
        raise click.UsageError("give numbers or options, not both")

    def work(connection: Connection) -> tuple[int, list[int]]:
        asked = list(numbers)
        if not asked:
            asked = [item.id for item in deliveries.find(connection, fields.chosen(**values), limit=_LIMIT)]
        who = Operator(account(), "command line")
        return len(asked), changed_by(connection, Change(change), asked, who, why=why, now=time.time())

    with opened_store() as store:
        asked, changed = store.write_now(work)
    if as_json:
        show_json({what: changed, "left_alone": asked - len(changed)})
        return
    click.echo(f"{len(changed)} {what}" + (f", {asked - len(changed)} left alone" if asked != len(changed) else ""))
