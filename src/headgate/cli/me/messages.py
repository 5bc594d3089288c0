"""``headgate me messages``."""

from __future__ import annotations

import click

from headgate.cli.me.service import ask
from headgate.cli.output import json_option, moment, show_json, show_table

_COLUMNS = ("ID", "OWED", "RECIPIENT", "MESSAGE", "STATE", "REASON")


@click.command()
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="The newest so many.")
@json_option
def messages(limit: int, *, as_json: bool) -> None:
    """List the newest messages about your jobs, oldest first, and what became of them."""
    found = ask("GET", "/me/deliveries", query={"limit": limit})
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one["id"],
            moment(one["owed_at"]),
            f"{one['connector']}:{one['target']}",
            one["title"] or f"({one['subject']})",
            one["state"],
            ": ".join(part for part in (one["reason"], one["detail"]) if part) or None,
        )
        for one in found
    ]
    show_table(_COLUMNS, rows, empty="No messages about your jobs.")
