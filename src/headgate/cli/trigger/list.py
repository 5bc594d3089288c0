"""``headgate trigger list``."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.action.way import run, socket_option
from headgate.cli.output import json_option, show_json, show_table
from headgate.cli.trigger.answer import result_of

_COLUMNS = ("ID", "ABOUT", "WHICH", "EVENT", "OFFSET", "USER", "PERMANENT", "PROGRAM")


@click.command("list")
@socket_option
@json_option
def list_(*, socket: Path | None, as_json: bool) -> None:
    """List all triggers in Slurm, whoever set them."""
    found = result_of(run("slurm.trigger.list", {}, why="", dry_run=False, socket=socket))
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one["id"],
            one["about"],
            one["subject"],
            one["event"],
            one["offset"],
            one["user"],
            "yes" if one["permanent"] else "",
            one["program"],
        )
        for one in found
    ]
    show_table(_COLUMNS, rows, empty="There are no triggers.")
