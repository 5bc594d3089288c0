"""``headgate app admin-token``."""

from __future__ import annotations

import click

from headgate.cli.app.apps import TOKEN_COLUMNS, Done, show_token, token_json, token_row, with_apps
from headgate.cli.output import json_option, show_json, show_table


@click.group("admin-token")
def admin_token() -> None:
    """Tokens of administrators, who manage apps by the API."""


@admin_token.command("add")
@click.argument("name")
@click.option("--lifetime", type=click.FloatRange(min=1), help="Seconds for which it is good; without it, for ever.")
def add(name: str, lifetime: float | None) -> None:
    """Make a token called NAME; it is shown only now."""
    _, text = with_apps(
        lambda apps: apps.give_token(None, name, lifetime=lifetime), Done("create token", "administrators", name)
    )
    show_token(text)


@admin_token.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List what is kept of administrators' tokens."""
    found = with_apps(lambda apps: apps.tokens(None))
    if as_json:
        show_json([token_json(one) for one in found])
    else:
        show_table(TOKEN_COLUMNS, [token_row(one) for one in found], empty="There are none.")


@admin_token.command("revoke")
@click.argument("token_id", metavar="ID")
def revoke(token_id: str) -> None:
    """End a token now."""
    with_apps(lambda apps: apps.revoke(None, token_id), Done("revoke token", "administrators", token_id))
