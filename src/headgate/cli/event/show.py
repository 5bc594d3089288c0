"""``headgate event show``."""

from __future__ import annotations

import json

import click

from headgate.cli.event import fields
from headgate.cli.options import Number, opened_store
from headgate.cli.output import json_option, moment, show_fields, show_json
from headgate.errors import NotFoundError


@click.command()
@click.argument("number", type=Number())
@json_option
def show(number: int, *, as_json: bool) -> None:
    """Show everything about event NUMBER: its data, who saw it, and what followed from it."""
    from headgate.store import deliveries, journal
    from headgate.store.deliveries import DeliveryFilter

    with opened_store() as store:
        recorded = store.read_now(lambda connection: journal.get(connection, number))
        wanted = DeliveryFilter(event_id=number)
        followed = store.read_now(lambda connection: deliveries.find(connection, wanted, limit=1000))
    if recorded is None:
        raise NotFoundError(f"there is no event {number}")
    told = [{"id": item.id, "recipient": f"{item.connector}:{item.target}", "state": item.state} for item in followed]
    if as_json:
        show_json(fields.as_json(recorded) | {"deliveries": told})
        return
    event = recorded.event
    show_fields(
        {
            "Event": recorded.id,
            "Kind": event.kind.value,
            "Subject": event.subject,
            "Happened": moment(event.time),
            "Recorded": moment(recorded.recorded_at),
            "Cluster": event.cluster,
            "User": event.user,
            "Key": event.key,
            "Trace": event.trace,
            "Seen by": [f"{source.value} at {moment(at)}" for source, at in recorded.witnesses.items()],
            "Data": [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in event.data.items()],
            "Deliveries": [f"{item['id']} {item['recipient']}: {item['state']}" for item in told],
        }
    )
