"""``headgate trigger set``."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.action.way import run, socket_option
from headgate.cli.output import json_option, show_json
from headgate.cli.trigger.answer import result_of
from headgate.model.event import JSON


@click.command("set")
@click.argument("event")
@click.argument("program")
@click.option("--nodes", help="Hostlist of the nodes it is about.  [default: all]")
@click.option("--job", help="The job it is about, for fini and time.")
@click.option("--offset", type=int, default=0, show_default=True, help="Seconds after it happens, negative: before.")
@click.option("--permanent", is_flag=True, help="It is set again by itself each time it has fired.")
@click.option("--dry-run", is_flag=True, help="Say only whether the same one is set.")
@click.option("--why", default="", help="Why; it is written into the audit log.")
@socket_option
@json_option
def set_(
    event: str,
    program: str,
    nodes: str | None,
    job: str | None,
    offset: int,
    *,
    permanent: bool,
    dry_run: bool,
    why: str,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Have slurmctld start PROGRAM when EVENT happens, and show the number of the trigger.

    EVENT is down, drained, draining, up, resume, fail, idle, reconfig, burst_buffer, or fini or time of a job. One that
    is set already is found, not set twice. One that would fire for ever is refused.
    """
    given: dict[str, JSON] = {
        "program": program,
        "event": event,
        "nodes": [nodes] if nodes else None,
        "jobid": job,
        "offset": offset,
        "permanent": permanent,
    }
    asked = {name: value for name, value in given.items() if value is not None}
    number = result_of(run("slurm.trigger.set", asked, why=why, dry_run=dry_run, socket=socket))
    if as_json:
        show_json({"id": number})
    elif number is None:
        click.echo("It would be set.")
    else:
        click.echo(f"Trigger {number}")
