"""How every command answers: a table for people, or JSON for programs.

JSON is one document a command: a list for ``list``, an object for ``show``; ``follow`` writes one object a line.
Text from jobs is stripped of control characters before it reaches a terminal.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def plain(value: object) -> str:
    """Return a value as one piece of text that cannot steer a terminal."""
    if value is None:
        return "-"
    return _CONTROL.sub("�", str(value)).replace("\n", " ").replace("\t", " ")


def moment(seconds: float | None) -> str:
    """Return a point in time in local time, to the second."""
    return "-" if seconds is None else datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def show_json(value: object) -> None:
    """Write one JSON document."""
    click.echo(_json(value, indent=2))


def show_json_line(value: object) -> None:
    """Write one JSON object on a line of its own, at once."""
    click.echo(_json(value))
    sys.stdout.flush()


def _json(value: object, indent: int | None = None) -> str:
    """Return JSON in which what could steer a terminal is written as an escape; it means the same."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def console() -> Console:
    """Return where people read: as wide as the terminal, or as wide as needed when piped."""
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False, soft_wrap=False)


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Write a table, or what to say when there is nothing in it."""
    if not rows:
        click.echo(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    console().print(table)


def show_fields(fields: Mapping[str, Any]) -> None:
    """Write names and values, one a line; a list value on lines of its own."""
    width = max((len(name) for name in fields), default=0)
    for name, value in fields.items():
        if isinstance(value, list | tuple):
            click.echo(f"{name}:" if value else f"{name.ljust(width)}  -")
            for item in value:
                click.echo(f"  {plain(item)}")
        else:
            click.echo(f"{name.ljust(width)}  {plain(value)}")
