"""``headgate me link`` and ``unlink``."""

from __future__ import annotations

import click

from headgate.cli.me.service import ask
from headgate.cli.output import json_option, moment, plain, show_json


@click.command()
@click.argument("connector")
@json_option
def link(connector: str, *, as_json: bool) -> None:
    """Get a code that links a chat in CONNECTOR to your account. Say it to the bot there, in private."""
    code = ask("POST", "/me/codes", body={"connector": connector})
    if as_json:
        show_json(code)
        return
    click.echo(f"Say to the bot in {plain(connector)}, in private:\n\n    {plain(code['say'])}\n")
    click.echo(f"The code is good once, until {moment(code['expires_at'])}. Do not show it to anybody.")


@click.command()
@click.argument("connector")
@click.argument("identity", required=False)
@json_option
def unlink(connector: str, identity: str | None, *, as_json: bool) -> None:
    """Untie your account from CONNECTOR, or from one IDENTITY there (`headgate me` shows them)."""
    gone = ask("DELETE", "/me/links", connector, query={} if identity is None else {"identity": identity})
    if as_json:
        show_json(gone)
        return
    for one in gone:
        click.echo(f"{plain(one['connector'])}: {plain(one['name'] or one['identity'])} is not linked to you any more")
