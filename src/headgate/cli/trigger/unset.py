"""``headgate trigger unset``."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.action.way import run, socket_option
from headgate.cli.options import Number
from headgate.cli.output import json_option, show_json
from headgate.cli.trigger.answer import result_of
from headgate.errors import NotFoundError
from headgate.model.event import JSON


@click.command("unset")
@click.argument("numbers", nargs=-1, type=Number(), metavar="[ID]...")
@click.option("--ours", is_flag=True, help="All that run headgate-trigger.")
@click.option("--user", default="slurm", show_default=True, help="Who set them.")
@click.option("--dry-run", is_flag=True, help="Say only which would be removed.")
@click.option("--why", default="", help="Why; it is written into the audit log.")
@socket_option
@json_option
def unset(
    numbers: tuple[int, ...], user: str, *, ours: bool, dry_run: bool, why: str, socket: Path | None, as_json: bool
) -> None:
    """Remove triggers by number, or all of ours. Nothing is done unless the user set all of them."""
    if bool(numbers) == ours:
        raise click.UsageError("give either numbers or --ours")
    if ours:
        numbers = _ours(user, socket)
    asked: dict[str, JSON] = {"trigger_ids": list(numbers), "user": user}
    changes = result_of(run("slurm.trigger.unset", asked, why=why, dry_run=dry_run, socket=socket))
    if as_json:
        show_json(changes)
        return
    for number in changes:
        click.echo(f"Trigger {number} {'would be' if dry_run else 'was'} removed")


def _ours(user: str, socket: Path | None) -> tuple[int, ...]:
    from headgate.events.sources.push.install import NAME

    known = result_of(run("slurm.trigger.list", {}, why="", dry_run=False, socket=socket))
    found = tuple(
        one["id"] for one in known if one["user"] == user and one["program"].split(" ")[0].endswith(f"/{NAME}")
    )
    if not found:
        raise NotFoundError(f"{user} has set no trigger that runs {NAME}")
    return found
