"""How a result is shown to people: as a table where it is one, else as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import click

from headgate.cli.output import plain, show_fields, show_json, show_table


def show_result(answer: Mapping[str, Any]) -> None:
    """Write the result of an action."""
    if answer["dry_run"]:
        click.echo("Nothing was changed: this is what would be done.", err=True)
    result = answer["result"]
    if isinstance(result, dict) and result and all(_flat(value) for value in result.values()):
        show_fields({plain(name): value for name, value in result.items()})
    elif isinstance(result, dict) and result and all(map(_row, result.values())):
        names = list(dict.fromkeys(name for row in result.values() for name in row))
        rows = [(key, *(row.get(name) for name in names)) for key, row in result.items()]
        show_table(("", *(name.upper() for name in names)), rows, empty="")
    elif isinstance(result, str):
        click.echo(plain(result))
    elif result is not None:
        show_json(result)


def _flat(value: object) -> bool:
    return not isinstance(value, dict | list)


_MOST_COLUMNS = 8
_NAME = re.compile(r"[A-Za-z0-9_ -]+")


def _row(value: object) -> bool:
    """Whether a value can be a row of a table: a few named parts."""
    if not isinstance(value, dict) or not 0 < len(value) <= _MOST_COLUMNS:
        return False
    return all(_NAME.fullmatch(str(name)) for name in value) and all(map(_flat, value.values()))
