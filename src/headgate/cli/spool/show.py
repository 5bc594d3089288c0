"""``headgate spool show``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headgate.cli.output import json_option, moment, show_fields, show_json
from headgate.cli.spool.location import spool_option, spool_path
from headgate.errors import RecordError
from headgate.events.sources.mail.reading import read_request
from headgate.events.sources.mail.record import MailRecord, parse_record
from headgate.events.sources.mail.spool import MailSpool
from headgate.model.mail import MailRequest


@click.command()
@click.argument("name")
@spool_option
@click.option("--raw", is_flag=True, help="Write the record's bytes as they are.")
@json_option
def show(name: str, spool: Path | None, *, raw: bool, as_json: bool) -> None:
    """Show what record NAME holds, and how it is read."""
    found = MailSpool(spool_path(spool)).read(name)
    if raw:
        click.echo(found.data, nl=False)
        return
    record: MailRecord | None = None
    request: MailRequest | None = None
    problem = ""
    try:
        record = parse_record(found.data, name=name)
        request = read_request(record)
    except RecordError as error:
        problem = error.message
    if as_json:
        show_json(
            {
                "name": name,
                "size": len(found.data),
                "received": record.received if record else None,
                "argv": list(record.argv) if record else [],
                "environment": dict(record.environment) if record else {},
                "request": _as_json(request) if request else None,
                "problem": problem,
            }
        )
        return
    show_fields(
        {
            "Record": name,
            "Bytes": len(found.data),
            "Received": moment(record.received if record else None),
            "Problem": problem or None,
            "Arguments": list(record.argv) if record else [],
            "Environment": [f"{key}={value}" for key, value in record.environment.items()] if record else [],
            "Read as": [f"{key}: {value}" for key, value in _as_json(request).items()] if request else [],
        }
    )


def _as_json(request: MailRequest) -> dict[str, Any]:
    from pydantic import TypeAdapter

    told = TypeAdapter(MailRequest).dump_python(request, mode="json", exclude_defaults=True)
    return dict(told)
