"""``headgate mailprog install``."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import click

from headgate.cli.spool.location import spool_option, spool_path
from headgate.events.sources.mail.install import (
    DEFAULT_PYTHON,
    DEFAULT_TARGET,
    Order,
    account,
    check_as,
    check_python,
    plan,
)
from headgate.events.sources.mail.placing import Placed, place


@click.command()
@spool_option
@click.option(
    "--target", type=click.Path(path_type=Path), default=DEFAULT_TARGET, show_default=True, help="Where it is placed."
)
@click.option("--slurm-user", default="slurm", show_default=True, help="The account that slurmctld runs as.")
@click.option("--group", default="headgate", show_default=True, help="The group of Headgate's account.")
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    default=DEFAULT_PYTHON,
    show_default=True,
    help="The interpreter that runs it: Python 3.6 or newer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def install(
    context: click.Context,
    spool: Path | None,
    target: Path,
    slurm_user: str,
    group: str,
    python: Path,
    *,
    as_json: bool,
) -> None:
    """Place the hand-off program and its spool directory; doing it again changes nothing.

    Run it as root on every host where slurmctld may run.
    """
    order = Order(spool_path(context, spool), target, python)
    who = account(slurm_user, group)
    steps = plan(order, who)
    check_python(python)
    placed = [place(step) for step in steps]
    check_as(order, who)
    click.echo(_as_json(order, placed) if as_json else _as_text(order, placed))


def _as_json(order: Order, placed: list[Placed]) -> str:
    files = [
        {
            "path": str(one.path),
            "outcome": one.outcome,
            "owner": one.owner,
            "group": one.group,
            "mode": f"{stat.S_IMODE(one.mode):04o}",
        }
        for one in placed
    ]
    return json.dumps({"files": files, "slurm_conf": order.configuration}, indent=2)


def _as_text(order: Order, placed: list[Placed]) -> str:
    files = "\n".join(f"  {one}" for one in placed)
    return (
        f"In place:\n{files}\n\n"
        f"Put this line into slurm.conf, then run `scontrol reconfigure`:\n\n{order.configuration}\n\n"
        f"Headgate must read the same spool: spool.path in its configuration is to be {order.spool}"
    )
