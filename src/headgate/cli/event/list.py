"""``headgate event list``."""

from __future__ import annotations

from typing import Any

import click

from headgate.cli.event.fields import COLUMNS, as_json, as_row, chosen, filter_options
from headgate.cli.options import opened_store
from headgate.cli.output import json_option, show_json, show_table


@click.command("list")
@filter_options
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many.")
@json_option
def list_(limit: int, *, as_json: bool, **values: Any) -> None:
    """List events, oldest first."""
    from headgate.store import journal

    with opened_store() as store:
        found = store.read_now(lambda connection: journal.find(connection, chosen(**values), limit=limit))
    if as_json:
        show_json([_json(item) for item in found])
    else:
        show_table(COLUMNS, [as_row(item) for item in found], empty="No such events.")


_json = as_json
