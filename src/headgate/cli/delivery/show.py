"""``headgate delivery show``."""

from __future__ import annotations

import click

from headgate.cli.delivery import fields
from headgate.cli.options import Number, opened_store
from headgate.cli.output import json_option, moment, show_fields, show_json
from headgate.errors import NotFoundError
from headgate.model.message import Message


@click.command()
@click.argument("number", type=Number())
@json_option
def show(number: int, *, as_json: bool) -> None:
    """Show everything about delivery NUMBER: its state, its failed attempts, and the message."""
    from headgate.store import deliveries, journal

    with opened_store() as store:
        item = store.read_now(lambda connection: deliveries.get(connection, number))
        history = store.read_now(lambda connection: deliveries.history(connection, number))
        about = [] if item is None else [item.event_id]
        traces = store.read_now(lambda connection: journal.traces(connection, about))
    if item is None:
        raise NotFoundError(f"there is no delivery {number}")
    if as_json:
        failed = [{"time": one.time, "reason": one.reason.value, "detail": one.detail} for one in history]
        show_json(fields.as_json(item) | {"trace": traces.get(item.event_id), "failures": failed})
        return
    show_fields(
        {
            "Delivery": item.id,
            "Recipient": f"{item.connector}:{item.target}",
            "Subject": item.subject,
            "State": item.state.value,
            "Reason": item.reason.value if item.reason else None,
            "Detail": item.detail,
            "Event": item.event_id,
            "Trace": traces.get(item.event_id),
            "Owed": moment(item.created_at),
            "Not before": moment(item.not_before),
            "Finished": moment(item.finished_at),
            "Folded into": item.folded_into,
            "Failed attempts": [f"{moment(one.time)} {one.reason.value}: {one.detail}" for one in history],
            "Message": _message(item.message),
        }
    )


def _message(text: str | None) -> list[str]:
    if text is None:
        return []
    message = Message.model_validate_json(text)
    facts = [f"  {fact.label}: {fact.value}" for fact in message.facts]
    bars = [f"  {bar.label}: {bar.text}" for bar in message.bars]
    return [
        message.title,
        *([message.summary] if message.summary else []),
        *facts,
        *bars,
        *message.hints,
        *message.notes,
    ]
