"""``headgate spool retry``."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.spool.location import spool_option, spool_path
from headgate.events.sources.mail.spool import MailSpool


@click.command()
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All records that were set aside.")
@spool_option
@click.pass_context
def retry(context: click.Context, names: tuple[str, ...], spool: Path | None, *, everything: bool) -> None:
    """Have records that were set aside read again, for example by a newer Headgate."""
    if bool(names) == everything:
        raise click.UsageError("Give the names of records, or --all.")
    mails = MailSpool(spool_path(context, spool))
    for name in [record.name for record in mails.aside()] if everything else names:
        mails.retry(name)
        click.echo(f"{name} waits to be read again")
