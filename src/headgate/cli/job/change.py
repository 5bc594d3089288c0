"""``headgate job start``, ``cancel``, ``delete``, ``hold``, ``release``, ``requeue`` and ``update``."""

from __future__ import annotations

from collections.abc import Callable

import click

from headgate.cli.job.gateway import opened
from headgate.client import Client


def _verb(name: str, help_: str, act: Callable[[Client, str], None]) -> click.Command:
    @click.command(name, help=help_)
    @click.argument("job_id", metavar="ID")
    def command(job_id: str) -> None:
        with opened() as client:
            act(client, job_id)

    return command


start = _verb("start", "Submit a job that is not started.", Client.start)
cancel = _verb("cancel", "Cancel a job.", Client.stop)
delete = _verb("delete", "Cancel a job if it is not over, and remove its directory.", Client.delete)
hold = _verb("hold", "Keep a waiting job from starting.", Client.hold)
release = _verb("release", "Let a held job start.", Client.release)
requeue = _verb("requeue", "Put a job back into the queue.", Client.requeue)


@click.command("update")
@click.argument("job_id", metavar="ID")
@click.option("--time-limit", required=True, help="New time limit: minutes, hours:minutes:seconds, days-hours.")
def update(job_id: str, time_limit: str) -> None:
    """Change a job's time limit."""
    with opened() as client:
        client.update(job_id, time_limit=time_limit)
