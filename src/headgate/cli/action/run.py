"""``headgate action run``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from headgate.cli.action import way
from headgate.cli.action.answer import show_result
from headgate.cli.action.way import socket_option
from headgate.cli.output import json_option, plain, show_json


class Given(click.ParamType[tuple[str, str]]):
    """A parameter: ``name=value``."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return name and value."""
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not equals or not name:
            self.fail(f"{value!r} should be name=value", param, ctx)
        return name, text


@click.command("run")
@click.argument("name")
@click.argument("parameters", nargs=-1, type=Given(), metavar="[NAME=VALUE]...")
@click.option("--dry-run", is_flag=True, help="Say only what would be done.")
@click.option("--why", default="", help="Why; it is written into the audit log.")
@click.option("--cluster", default="", help="Which cluster it is about.  [default: the one in [slurm]]")
@socket_option
@json_option
def run(
    name: str,
    parameters: tuple[tuple[str, str], ...],
    *,
    dry_run: bool,
    why: str,
    cluster: str,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Run the action NAME, and wait for its end.

    A value is a text, number, or true or false, as the action declares it; a list is words between commas or JSON; a
    table is JSON. Whoever may read the configuration runs it by themselves; everybody else asks the service, and needs
    a role. The exit status is 1 if not all of it was done.
    """
    from headgate.actions.casting import cast
    from headgate.actions.catalogue import CATALOGUE
    from headgate.actions.desk import MOST_WHY

    if len(why) > MOST_WHY:
        raise click.BadParameter(f"a reason has at most {MOST_WHY} characters", param_hint="--why")
    given = cast(CATALOGUE.get(name), dict(parameters))
    answer = way.run(name, given, why=why, dry_run=dry_run, socket=socket, cluster=cluster)
    if as_json:
        show_json(answer)
    else:
        show_result(answer)
    if not answer["ok"]:
        click.echo(f"headgate: {plain(answer['error'])}", err=True)
        sys.exit(1)
