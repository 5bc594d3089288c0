"""``headgate spool list``."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from headgate.cli.spool.location import spool_option, spool_path
from headgate.events.sources.mail.aside import AsideRecord
from headgate.events.sources.mail.spool import MailSpool
from headgate.model.text import one_line

_WHY_WIDTH = 200


@click.command("list")
@spool_option
@click.option("--waiting", is_flag=True, help="Name the records that wait to be read, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_(context: click.Context, spool: Path | None, *, waiting: bool, as_json: bool) -> None:
    """Show how many mails wait, and which could not be read."""
    path = spool_path(context, spool)
    mails = MailSpool(path)
    names, aside = mails.names(), mails.aside()
    if as_json:
        answer = {"path": str(path), "waiting": len(names), "set_aside": [asdict(record) for record in aside]}
        if waiting:
            answer["waiting_names"] = names
        click.echo(json.dumps(answer, indent=2))
        return
    click.echo(f"{len(names)} waiting, {len(aside)} set aside in {path}")
    if waiting:
        click.echo("".join(f"{one_line(name, _WHY_WIDTH)}\n" for name in names), nl=False)
    click.echo("".join(f"{_line(record)}\n" for record in aside), nl=False)


def _line(record: AsideRecord) -> str:
    moment = datetime.fromtimestamp(record.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{record.name}  {moment}  {record.size:>8} B  {one_line(record.why, _WHY_WIDTH)}"
