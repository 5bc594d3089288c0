"""``headgate delivery list``."""

from __future__ import annotations

from typing import Any

import click

from headgate.cli.delivery import fields
from headgate.cli.options import opened_store
from headgate.cli.output import json_option, show_json, show_table


@click.command("list")
@fields.filter_options
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many.")
@json_option
def list_(limit: int, *, as_json: bool, **values: Any) -> None:
    """List deliveries, oldest first."""
    from headgate.store import deliveries

    with opened_store() as store:
        found = store.read_now(lambda connection: deliveries.find(connection, fields.chosen(**values), limit=limit))
    if as_json:
        show_json([fields.as_json(item) for item in found])
    else:
        show_table(fields.COLUMNS, [fields.as_row(item) for item in found], empty="No such deliveries.")
