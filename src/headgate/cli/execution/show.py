"""``headgate execution show``."""

from __future__ import annotations

import click

from headgate.cli.execution.fields import as_json as as_json_of
from headgate.cli.execution.fields import try_as_json
from headgate.cli.options import Number, opened_store
from headgate.cli.output import json_option, moment, show_fields, show_json
from headgate.errors import NotFoundError


@click.command()
@click.argument("number", type=Number())
@json_option
def show(number: int, *, as_json: bool) -> None:
    """Show everything about execution NUMBER: where it stands, and every try of every step."""
    from headgate.store import executions

    with opened_store() as store:
        one = store.read_now(lambda connection: executions.get(connection, number))
        tries = store.read_now(lambda connection: executions.tries_of(connection, number))
    if one is None:
        raise NotFoundError(f"there is no execution {number}")
    if as_json:
        show_json(as_json_of(one) | {"tries": [try_as_json(item) for item in tries]})
        return
    show_fields(
        {
            "Execution": one.id,
            "Rule": one.rule,
            "About": one.subject,
            "Event": one.event_id,
            "State": one.state.value,
            "Why": one.reason or None,
            "Step": one.step,
            "Begun": moment(one.created_at),
            "Next": None if one.state.over else moment(one.not_before),
            "Ended": moment(one.finished_at),
            "Approved by": one.approved_by,
            "Brought about by": None if one.cause is None else f"execution {one.cause}",
            "Tries": [
                f"{moment(item.started_at)} {item.name} ({item.ref}) {item.attempt}: {item.state.value} "
                f"{item.error or item.result or ''}"
                for item in tries
            ],
        }
    )
