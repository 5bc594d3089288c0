"""``headgate spool retry`` and ``drop``."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.output import json_option, show_json
from headgate.cli.spool.location import spool_option, spool_path
from headgate.events.sources.mail.spool import MailSpool


@click.command()
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All records that were set aside.")
@spool_option
@json_option
def retry(names: tuple[str, ...], spool: Path | None, *, everything: bool, as_json: bool) -> None:
    """Have records that were set aside read again, for example by a newer Headgate."""
    if bool(names) == everything:
        raise click.UsageError("say which: NAMES, or --all")
    mails = MailSpool(spool_path(spool))
    chosen = [record.name for record in mails.aside()] if everything else list(names)
    for name in chosen:
        mails.retry(name)
    _say("retried", chosen, as_json=as_json)


@click.command()
@click.argument("names", nargs=-1, required=True)
@spool_option
@json_option
def drop(names: tuple[str, ...], spool: Path | None, *, as_json: bool) -> None:
    """Delete records that were set aside, for ever."""
    mails = MailSpool(spool_path(spool))
    for name in names:
        mails.drop(name)
    _say("dropped", list(names), as_json=as_json)


def _say(what: str, names: list[str], *, as_json: bool) -> None:
    if as_json:
        show_json({what: names})
    else:
        click.echo(f"{len(names)} {what}")
