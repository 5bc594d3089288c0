"""``headgate event follow``."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import click

from headgate.cli.event import fields
from headgate.cli.options import opened_store
from headgate.cli.output import json_option, plain, show_json_line
from headgate.store.journal import Recorded

_EVERY = 0.5
_WINDOW = 1000
"""Numbers looked at again: where several services write, an event may be kept after one with a higher number."""


@click.command()
@fields.filter_options
@click.option("--past", type=click.IntRange(0), default=10, show_default=True, help="Begin with so many past ones.")
@json_option
def follow(past: int, *, as_json: bool, **values: Any) -> None:
    """Write events as they come, until interrupted."""
    from headgate.store import journal

    wanted = fields.chosen(**values)
    with opened_store() as store:
        found = store.read_now(functools.partial(journal.find, wanted=wanted, limit=_WINDOW))
        _write(found[-past:] if past else (), as_json=as_json)
        seen = {item.id for item in found}
        while True:
            time.sleep(_EVERY)
            after = replace(wanted, after_id=max(seen, default=0) - _WINDOW)
            found = store.read_now(functools.partial(journal.find, wanted=after, limit=2 * _WINDOW, newest=False))
            _write([item for item in found if item.id not in seen], as_json=as_json)
            seen = {item.id for item in found} or seen


def _write(found: Iterable[Recorded], *, as_json: bool) -> None:
    for item in found:
        if as_json:
            show_json_line(fields.as_json(item))
        else:
            click.echo("  ".join(plain(cell) for cell in fields.as_row(item)))
