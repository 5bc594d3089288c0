"""``headgate login``: a link that signs the person who asks in to the pages."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.me.service import ask, socket_option
from headgate.cli.output import json_option, moment, plain, show_json


@click.command()
@socket_option
@json_option
@click.pass_context
def login(context: click.Context, socket: Path, *, as_json: bool) -> None:
    """Get a link that signs you in to Headgate's pages in a browser, as who you are here."""
    context.obj = socket
    made = ask("POST", "/me/sign-ins")
    if as_json:
        show_json(made)
        return
    click.echo(f"Open this in a browser:\n\n    {plain(made['url'])}\n")
    click.echo(
        f"The link is good once, until {moment(made['expires_at'])}. Whoever opens it is you: show it to nobody."
    )
