"""``headgate event follow``."""

from __future__ import annotations

import functools
import time
from dataclasses import replace
from typing import Any

import click

from headgate.cli.event import fields
from headgate.cli.options import opened_store
from headgate.cli.output import json_option, plain, show_json_line

_EVERY = 0.5


@click.command()
@fields.filter_options
@click.option("--past", type=click.IntRange(0), default=10, show_default=True, help="Begin with so many past ones.")
@json_option
def follow(past: int, *, as_json: bool, **values: Any) -> None:
    """Write events as they come, until interrupted."""
    from headgate.store import journal

    wanted = fields.chosen(**values)
    with opened_store() as store:
        found = store.read_now(lambda connection: journal.find(connection, wanted, limit=max(past, 1)))
        shown = found if past else []
        last = found[-1].id if found else 0
        while True:
            for item in shown:
                if as_json:
                    show_json_line(fields.as_json(item))
                else:
                    click.echo("  ".join(plain(cell) for cell in fields.as_row(item)))
            time.sleep(_EVERY)
            newer = functools.partial(journal.find, wanted=replace(wanted, after_id=last), limit=1000, newest=False)
            shown = store.read_now(newer)
            last = shown[-1].id if shown else last
