"""``headgate spool show``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter

from headgate.cli.spool.location import spool_option, spool_path
from headgate.errors import RecordError
from headgate.events.sources.mail.reading import read_request
from headgate.events.sources.mail.record import parse_record
from headgate.events.sources.mail.spool import MailSpool, SpooledRecord
from headgate.model.mail import MailRequest
from headgate.model.text import one_line

_WIDTH = 2000
_requests = TypeAdapter(MailRequest)


@click.command()
@click.argument("name")
@spool_option
@click.option("--raw", is_flag=True, help="Print the record's bytes as they are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(context: click.Context, name: str, spool: Path | None, *, raw: bool, as_json: bool) -> None:
    """Show what one record holds, and how Headgate reads it."""
    record = MailSpool(spool_path(context, spool)).read(name)
    if raw:
        click.get_binary_stream("stdout").write(record.data)
        return
    told = describe(record)
    click.echo(json.dumps(told, indent=2) if as_json else _as_text(told))


def describe(record: SpooledRecord) -> dict[str, Any]:
    """Return what a record holds: size, arguments, environment, and the request or why there is none."""
    told: dict[str, Any] = {"name": record.name, "size": len(record.data)}
    try:
        parsed = parse_record(record.data, name=record.name)
        told |= {"received": parsed.received, "argv": list(parsed.argv), "environment": dict(parsed.environment)}
        told["request"] = _requests.dump_python(read_request(parsed), mode="json", exclude_defaults=True)
    except RecordError as error:
        told["error"] = error.message
    return told


def _as_text(told: dict[str, Any]) -> str:
    lines: list[str] = []
    for key, value in told.items():
        if isinstance(value, dict):
            lines += [f"{key}:", *(f"  {one_line(f'{inner}: {item}', _WIDTH)}" for inner, item in value.items())]
        elif isinstance(value, list):
            lines += [f"{key}:", *(f"  {one_line(str(item), _WIDTH)}" for item in value)]
        else:
            lines.append(f"{key}: {one_line(str(value), _WIDTH)}")
    return "\n".join(lines)
