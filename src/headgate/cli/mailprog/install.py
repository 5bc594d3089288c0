"""``headgate mailprog install``."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import click

from headgate.cli.output import json_option, show_json
from headgate.cli.spool.location import spool_option, spool_path
from headgate.events.sources.mail.install import DEFAULT_PYTHON, DEFAULT_TARGET, Order, install_as
from headgate.events.sources.mail.placing import Placed

_path = click.Path(path_type=Path)


@click.command()
@spool_option
@click.option("--target", type=_path, default=DEFAULT_TARGET, show_default=True, help="Where it is placed.")
@click.option("--slurm-user", default="slurm", show_default=True, help="The account that slurmctld runs as.")
@click.option("--group", default="headgate", show_default=True, help="The group of Headgate's account.")
@click.option(
    "--python", type=_path, default=DEFAULT_PYTHON, show_default=True, help="What runs it: Python 3.6 or newer."
)
@json_option
def install(*, slurm_user: str, group: str, as_json: bool, **paths: Any) -> None:
    """Place the hand-off program and its spool directory.

    Run it as root on every host where slurmctld may run. Doing it again changes nothing.
    """
    order = Order(spool_path(paths["spool"]), paths["target"], paths["python"])
    placed = install_as(order, slurm_user, group)
    if as_json:
        show_json({"files": [_as_json(one) for one in placed], "slurm_conf": order.configuration})
        return
    click.echo("In place:")
    for one in placed:
        click.echo(f"  {one}")
    click.echo(f"\nPut this line into slurm.conf, then run `scontrol reconfigure`:\n\n{order.configuration}\n")
    click.echo(f"Headgate must read the same spool: spool.path in its configuration has to be {order.spool}")


def _as_json(placed: Placed) -> dict[str, str]:
    return {
        "path": str(placed.path),
        "outcome": placed.outcome,
        "owner": placed.owner,
        "group": placed.group,
        "mode": f"{stat.S_IMODE(placed.mode):04o}",
    }
