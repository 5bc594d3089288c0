"""``headgate connector show``."""

from __future__ import annotations

import json

import click

from headgate.cli.connector.configured import as_json as to_json
from headgate.cli.connector.configured import configured, configured_one
from headgate.cli.output import json_option, show_fields, show_json


@click.command()
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show the settings of connector NAME, secrets masked."""
    settings = configured_one(name)
    shown = to_json(name, settings, default=configured()[1] == name)
    if as_json:
        show_json(shown)
    else:
        show_fields({key: json.dumps(value, ensure_ascii=False) for key, value in shown.items() if value is not None})
