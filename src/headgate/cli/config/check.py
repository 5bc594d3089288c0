"""``headgate config check``."""

from __future__ import annotations

import dataclasses
import sys

import click

from headgate.cli.config.reading import read_configuration
from headgate.cli.output import json_option, plain, show_json


@click.command()
@json_option
def check(*, as_json: bool) -> None:
    """Name every mistake with file, line and key; exit with 1 if there is one.

    Warnings are named, too, and change nothing about the exit status.
    """
    reading = read_configuration(files=True)
    if as_json:
        show_json([dataclasses.asdict(problem) for problem in reading.problems])
    else:
        for problem in reading.problems:
            click.echo(plain(problem))
        if reading.settings is not None:
            click.echo(f"{plain(reading.path)}: can be used" + (", with warnings" if reading.problems else ""))
    sys.exit(1 if reading.settings is None else 0)
