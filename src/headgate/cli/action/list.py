"""``headgate action list``."""

from __future__ import annotations

import click

from headgate.cli.output import json_option, show_json, show_table

_COLUMNS = ("ACTION", "ROLE", "CHANGES", "WHAT IT DOES")


@click.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the actions there are."""
    from headgate.actions.catalogue import CATALOGUE
    from headgate.actions.desk import described

    if as_json:
        show_json([described(one) for one in CATALOGUE])
        return
    rows = [(one.name, one.role.value, "yes" if one.mutating else "", one.summary) for one in CATALOGUE]
    show_table(_COLUMNS, rows, empty="There are no actions.")
