"""``headgate spool list``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from headgate.cli.output import json_option, moment, show_json, show_table
from headgate.cli.spool.location import spool_option, spool_path
from headgate.events.sources.mail.record_file import time_of_name
from headgate.events.sources.mail.spool import MailSpool


@click.command("list")
@spool_option
@click.option("--waiting", is_flag=True, help="Those that wait to be read, too.")
@json_option
def list_(spool: Path | None, *, waiting: bool, as_json: bool) -> None:
    """List the records that could not be read, oldest first, and say how many wait."""
    path = spool_path(spool)
    mails = MailSpool(path)
    names = mails.names()
    found: list[dict[str, Any]] = [{"state": "set aside", **asdict(record)} for record in mails.aside()]
    if waiting:
        found += [{"state": "waiting", "name": name, "time": time_of_name(name)} for name in names]
    if as_json:
        show_json(found)
        return
    show_table(
        ("RECORD", "STATE", "TIME", "BYTES", "WHY"),
        [(one["name"], one["state"], moment(one["time"]), one.get("size", ""), one.get("why", "")) for one in found],
        empty="None was set aside.",
    )
    click.echo(f"{len(names)} waiting in {path}")
