"""``headgate source list``."""

from __future__ import annotations

import click

from headgate.cli.options import config_path, opened_store
from headgate.cli.output import json_option, moment, show_json, show_table


@click.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the sources of events: whether each is on, when it last saw something, and what is wrong.

    On or off is what the configuration here says. What was seen is what the services that share the store wrote down;
    it may be some seconds old.
    """
    from headgate.events.sources.listing import as_listed, configured
    from headgate.service.wiring import load_settings
    from headgate.store import standings

    settings = load_settings(config_path())
    with opened_store() as store:
        found = as_listed(configured(settings), store.read_now(standings.recall))
    if as_json:
        show_json([one.as_json() for one in found])
        return
    show_table(
        ("SOURCE", "STATE", "HOST", "LAST SEEN", "WHAT IS WRONG", "WHAT IT IS"),
        [
            (
                one.name,
                "on" if one.on else "off",
                one.host or None,
                moment(one.seen_at) if one.seen_at is not None else None,
                one.problem or None,
                one.what,
            )
            for one in found
        ],
        empty="There are none.",
    )
