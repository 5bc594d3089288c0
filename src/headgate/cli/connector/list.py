"""``headgate connector list``."""

from __future__ import annotations

import click

from headgate.cli.connector.configured import as_json as to_json
from headgate.cli.connector.configured import configured
from headgate.cli.output import json_option, show_json, show_table

_COLUMNS = ("NAME", "KIND", "DEFAULT", "RATE (1/s)", "CONCURRENCY", "PER RECIPIENT")


@click.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the configured connectors."""
    connectors, default = configured()
    if as_json:
        show_json([to_json(name, own, default=name == default) for name, own in sorted(connectors.items())])
        return
    rows = [
        (
            name,
            own.kind,
            "yes" if name == default else "",
            "-" if own.rate is None else f"{own.rate:g}",
            own.concurrency,
            f"{own.recipient_burst}, then 1 in {own.recipient_period:g} s",
        )
        for name, own in sorted(connectors.items())
    ]
    show_table(_COLUMNS, rows, empty="No connector is configured.")
