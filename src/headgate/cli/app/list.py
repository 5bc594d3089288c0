"""``headgate app list`` and ``headgate app show``."""

from __future__ import annotations

import click

from headgate.cli.app.apps import COLUMNS, as_row, with_apps
from headgate.cli.app.apps import as_json as app_json
from headgate.cli.output import json_option, moment, show_fields, show_json, show_table
from headgate.model.app import acts_for


@click.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List apps, by name."""
    found = with_apps(lambda apps: apps.every())
    if as_json:
        show_json([app_json(app) for app in found])
    else:
        show_table(COLUMNS, [as_row(app) for app in found], empty="There are no apps; `headgate app add` makes one.")


@click.command("show")
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show the app NAME, with its rules."""
    app = with_apps(lambda apps: apps.named(name))
    if as_json:
        show_json(app_json(app))
        return
    rules = app.rules.model_dump(mode="json", exclude={"users", "groups", "user_pattern", "any_user"})
    told = {key.replace("_", " "): value for key, value in rules.items() if value not in (None, [])}
    state = "off" if app.disabled else "on"
    own = {"name": app.name, "id": app.id, "state": state, "created": moment(app.created_at)}
    show_fields({**own, "acts for": acts_for(app.rules), **told})
