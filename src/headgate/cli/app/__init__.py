"""``headgate app``: client programs of the job gateway, their tokens, and what they may do."""

from __future__ import annotations

import click

from headgate.cli.app.add import add
from headgate.cli.app.admin_token import admin_token
from headgate.cli.app.change import change, remove
from headgate.cli.app.import_ import import_
from headgate.cli.app.list import list_, show
from headgate.cli.app.token import token


@click.group("app")
def group() -> None:
    """Make and end client programs of the gateway, and their tokens."""


for _command in (add, list_, show, change, remove, import_, token, admin_token):
    group.add_command(_command)
