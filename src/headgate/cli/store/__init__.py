"""``headgate store``: the tables themselves."""

from __future__ import annotations

import asyncio

import click

from headgate.cli.options import config_path, opened_store
from headgate.cli.output import json_option, show_fields, show_json


@click.group()
def group() -> None:
    """Prepare, look after and clean the store."""


@group.command()
def migrate() -> None:
    """Bring the tables to the shape this Headgate needs; ``serve`` does so by itself."""
    from headgate.service.wiring import load_settings, open_store
    from headgate.store.migrate import migrate as run
    from headgate.store.revision import current

    store = open_store(load_settings(config_path()))
    try:
        run(store)
        revision = store.read_now(current)
    finally:
        store.close()
    click.echo(f"The store is at {revision}.")


@group.command()
@json_option
def show(*, as_json: bool) -> None:
    """Show where the store is and how much is in it."""
    from headgate.store import retention
    from headgate.store.revision import current

    with opened_store() as store:
        found = {
            "url": store.shown_url,
            "revision": store.read_now(current),
            **store.read_now(retention.sizes),
        }
    if as_json:
        show_json(found)
    else:
        show_fields(found)


@group.command()
@json_option
def clean(*, as_json: bool) -> None:
    """Forget now what is older than the settings keep."""
    from headgate.service.housekeeping import Housekeeping
    from headgate.service.wiring import housekeeping_settings, load_settings

    settings = load_settings(config_path())
    with opened_store() as store:
        forgotten = asyncio.run(Housekeeping(store, housekeeping_settings(settings)).clean())
    if as_json:
        show_json(forgotten)
    else:
        show_fields(forgotten)
