"""``headgate rule check``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from headgate.cli.options import AnyConnector, config_path
from headgate.cli.output import json_option, show_json


@click.command()
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1)
@json_option
def check(paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Say what is wrong with rule files: those named, or all of the rules' directory. Fails if anything is."""
    from headgate.actions.catalogue import CATALOGUE
    from headgate.config.load import load
    from headgate.config.problem import Problem
    from headgate.rules import files
    from headgate.rules.complaints import Complaints

    complaints = Complaints(CATALOGUE)
    problems: list[Problem] = []
    count = 0
    directories = [path for path in paths if path.is_dir()]
    if not paths:
        directories = [load(config_path(), connector_settings=lambda _: AnyConnector).rules.directory]
    for directory in directories:
        loaded = files.load(directory, complaints, library=None)
        problems += loaded.problems
        count += len(loaded.rules)
    for path in paths:
        if not path.is_dir():
            rule, wrong = files.load_file(path, complaints)
            problems += wrong
            count += rule is not None
    if as_json:
        show_json([{"file": one.file, "line": one.line, "key": one.key or None, "text": one.text} for one in problems])
    else:
        for problem in problems:
            click.echo(str(problem))
        click.echo(f"{count} right, {len(problems)} wrong")
    if problems:
        sys.exit(1)
