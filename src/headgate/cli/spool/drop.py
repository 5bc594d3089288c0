"""``headgate spool drop``."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.spool.location import spool_option, spool_path
from headgate.events.sources.mail.spool import MailSpool


@click.command()
@click.argument("names", nargs=-1, required=True)
@spool_option
@click.pass_context
def drop(context: click.Context, names: tuple[str, ...], spool: Path | None) -> None:
    """Delete records that were set aside, for ever."""
    mails = MailSpool(spool_path(context, spool))
    for name in names:
        mails.drop(name)
        click.echo(f"{name} is deleted")
