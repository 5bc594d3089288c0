"""``headgate job submit``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from headgate.cli.job.gateway import opened
from headgate.cli.output import json_option, show_json
from headgate.errors import HeadgateError
from headgate.gateway.request import JobOptions


@click.command("submit", context_settings={"ignore_unknown_options": True})
@click.option("--script", type=click.Path(dir_okay=False, allow_dash=True), help="Batch script; - is standard input.")
@click.option("--template", help="Job template of the site.")
@click.option("--parameter", "-p", "parameters", multiple=True, metavar="NAME=JSON", help="Of the template.")
@click.option("--option", "-o", "options", multiple=True, metavar="NAME=VALUE", help="Of sbatch, such as time=10.")
@click.option("--env", "variables", multiple=True, metavar="NAME=VALUE", help="A variable of the job.")
@click.option("--key", help="Idempotency key: the same again returns the first job.")
@click.option("--hold-back", is_flag=True, help="Create it only; `headgate job start` submits it.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@json_option
def submit(
    *,
    script: str | None,
    template: str | None,
    parameters: Sequence[str],
    options: Sequence[str],
    variables: Sequence[str],
    key: str | None,
    hold_back: bool,
    command: Sequence[str],
    as_json: bool,
) -> None:
    """Submit COMMAND with its arguments, a script, or a template. Prints the job's id."""
    given: dict[str, Any] = {name: _value(name, text) for name, text in _pairs(options)}
    if command:
        given |= {"command": command[0], "args": list(command[1:])}
    if template is not None:
        given["template"] = {"name": template, "parameters": {name: _json(text) for name, text in _pairs(parameters)}}
    if variables:
        given["environment"] = dict(_pairs(variables))
    text = None if script is None else _read(script)
    with opened() as client:
        job = client.submit(script=text, idempotency_key=key, start=not hold_back, **given)
    if as_json:
        show_json(job.model_dump())
    else:
        click.echo(job.id)
        click.echo(f"Slurm job {job.slurm_id}" if job.slurm_id else "It is not submitted yet.", err=True)


def _read(script: str) -> str:
    try:
        return sys.stdin.read() if script == "-" else Path(script).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise HeadgateError(f"the script {script} cannot be read") from error


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [word.partition("=") for word in words]
    if wrong := [word for word, equals, _ in pairs if not equals]:
        raise HeadgateError(f"{wrong[0][:64]!a} should be NAME=VALUE")
    return [(name, value) for name, _, value in pairs]


def _value(name: str, text: str) -> Any:
    """Return an option's value as the API takes it: some are numbers, some true or false, most are text."""
    known = JobOptions.model_fields.get(name)
    kind = str(known.annotation) if known is not None else ""
    if "bool" in kind and text in ("true", "false"):
        return text == "true"
    return int(text) if "int" in kind and text.isascii() and text.isdigit() else text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
