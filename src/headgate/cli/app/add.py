"""``headgate app add``."""

from __future__ import annotations

from typing import Any

import click

from headgate.cli.app.apps import Done, rule_options, rules_of, show_token, with_apps
from headgate.cli.app.apps import as_json as app_json
from headgate.cli.output import json_option, show_json


@click.command("add")
@click.argument("name")
@rule_options
@json_option
def add(name: str, *, as_json: bool, **given: Any) -> None:
    """Make an app NAME, and its first token. Without rules it may act for nobody."""
    rules = rules_of(given)
    app, token = with_apps(lambda apps: apps.add(name, rules), Done("create app", f"app {name}"))
    if as_json:
        show_json({**app_json(app), "token": token})
        return
    click.echo(f"The app {app.name} has the id {app.id}.", err=True)
    show_token(token)
