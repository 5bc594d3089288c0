"""``headgate build``: builds of pull requests."""

from __future__ import annotations

import click

from headgate.cli.build.change import cancel, replay, retry
from headgate.cli.build.doctor import doctor
from headgate.cli.build.list import list_
from headgate.cli.build.show import show


@click.group()
def group() -> None:
    """See and change builds of pull requests; see whether they would work."""


group.add_command(list_)
group.add_command(show)
group.add_command(cancel)
group.add_command(retry)
group.add_command(replay)
group.add_command(doctor)
