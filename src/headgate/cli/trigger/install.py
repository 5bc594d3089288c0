"""``headgate trigger install``."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import click

from headgate.cli.options import config_path
from headgate.cli.output import json_option, show_json
from headgate.config.push import HINTS
from headgate.events.sources.mail.install import DEFAULT_PYTHON
from headgate.events.sources.push.install import DEFAULT_TARGET, Order, install_as

_path = click.Path(path_type=Path)


@click.command()
@click.option("--hints", type=_path, help=f"The socket of hints.  [default: push.socket of the configuration, {HINTS}]")
@click.option("--target", type=_path, default=DEFAULT_TARGET, show_default=True, help="Where it is placed.")
@click.option("--slurm-user", default="slurm", show_default=True, help="The account that slurmctld runs as.")
@click.option(
    "--python", type=_path, default=DEFAULT_PYTHON, show_default=True, help="What runs it: Python 3.6 or newer."
)
@json_option
def install(*, slurm_user: str, as_json: bool, **paths: Any) -> None:
    """Place the program that tells Headgate to look now.

    Run it as root on every host where slurmctld may run. Doing it again changes nothing.
    """
    order = Order(paths["hints"] or _configured(), paths["target"], paths["python"])
    placed = install_as(order, slurm_user)
    if as_json:
        mode = f"{stat.S_IMODE(placed.mode):04o}"
        show_json(
            {"path": str(placed.path), "outcome": placed.outcome, "mode": mode, "slurm_conf": order.configuration}
        )
        return
    click.echo(f"In place:\n  {placed}\n\nHeadgate has to listen there, in its configuration:\n")
    click.echo(f'[push]\nsocket = "{order.socket}"\nprogram = "{order.target}"\nusers = ["{slurm_user}"]\n')
    click.echo(
        "Then either `triggers = true` in [push], for nodes, or this line in slurm.conf, for jobs, or both:\n\n"
        f"{order.configuration}\n\nslurmctld takes that line when it is restarted."
    )


def _configured() -> Path:
    from headgate.service.wiring import load_settings

    return load_settings(config_path()).push.path or Path(HINTS)
