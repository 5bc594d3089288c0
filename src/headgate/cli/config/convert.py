"""``headgate config convert``."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from headgate.errors import ConfigError

_LINE = re.compile(r"line [0-9]+")
_MOST = 1024 * 1024
"""Octets of a file."""


@click.group()
def convert() -> None:
    """Make a configuration from that of a program Headgate takes the place of."""


@convert.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
def goslmailer(files: tuple[Path, ...]) -> None:
    """Print a configuration that does what goslmailer's FILEs did: its own, gobler's and the bots' together.

    Where something could not be carried over exactly, a remark says so. If files differ, the first one counts.
    """
    from headgate.config.convert import goslmailer as former

    click.echo(former.convert([former.Source(path.name, _read(path)) for path in files]), nl=False)


@convert.command()
@click.argument("file", metavar="CONFIG.yml", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--apps",
    "apps_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the apps, with hashes of their tokens, into this new file, for `headgate app import`.",
)
def slurmer(file: Path, apps_file: Path | None) -> None:
    """Print a configuration that does what Slurmer's CONFIG.yml did.

    Where something could not be carried over exactly, a remark says so. It holds no tokens.
    """
    from headgate.config.convert import slurmer as former

    made = former.convert(_read_yaml(file), file.name)
    if apps_file is not None:
        _write_apps(apps_file, made.apps)
        click.echo(f"{len(made.apps)} apps were written; take them over by: headgate app import {apps_file}", err=True)
    click.echo(made.text, nl=False)


@convert.command("slurm-proxy")
@click.argument("file", metavar=".env", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--tasks",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Its constants.py, of which TASK_METADATA is read and nothing is run; or the same as JSON.",
)
def slurm_proxy(file: Path, tasks: Path | None) -> None:
    """Print a configuration that does what slurm-proxy did with the variables in .env.

    Where something could not be carried over exactly, a remark says so. It holds no secrets: it names files for them.
    """
    from headgate.config.convert import slurm_proxy as former
    from headgate.config.convert.env_text import read_env

    found = read_env(_text(file, "environment of slurm-proxy"))
    kinds = None if tasks is None else _read_kinds(tasks)
    click.echo(former.convert(found.values, file.name, kinds, found.unread), nl=False)


@convert.command()
@click.argument("app_cfg", metavar="app.cfg", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("repos_cfg", metavar="[repos.cfg]", required=False, type=click.Path(dir_okay=False, path_type=Path))
def eessi(app_cfg: Path, repos_cfg: Path | None) -> None:
    """Print a configuration that does what the EESSI build-test-deploy bot did with app.cfg, of 2023 or of 2026.

    With repos.cfg, it is looked whether all that is built is named there. What the bot would not start with is named,
    with section, key and line. Where something could not be carried over exactly, a remark says so. It holds no
    secrets.
    """
    from headgate.config.convert import eessi as former
    from headgate.executor.headgate_verbs import SUBMIT_OPTIONS

    options = {word.removesuffix("=") for words, _ in SUBMIT_OPTIONS.values() for word in words.split("|")}
    repositories = None if repos_cfg is None else _text(repos_cfg, "list of repositories")
    text = _text(app_cfg, "configuration of the EESSI bot")
    click.echo(former.convert(text, app_cfg.name, repositories, options=options), nl=False)


def _read_yaml(path: Path) -> Mapping[str, object]:
    from headgate.config.convert.yaml_text import read_yaml

    text = _text(path, "configuration of Slurmer")
    try:
        content = read_yaml(text)
    except ValueError as error:
        where = f" ({error})" if str(error) else ""
        raise ConfigError(f"{path} is no YAML that can be read{where}") from None
    if not isinstance(content, Mapping):
        raise ConfigError(f"{path} is no configuration of Slurmer: it holds no table")
    return content


def _read_kinds(path: Path) -> Mapping[str, object]:
    from headgate.config.convert.task_kinds import read_kinds

    text = _text(path, "list of tasks")
    try:
        return read_kinds(text, python=path.suffix != ".json")
    except ValueError as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None


def _write_apps(path: Path, apps: Sequence[Mapping[str, str]]) -> None:
    """Write what ``headgate app import`` takes into a file that was not there. Raises ConfigError."""
    document: dict[str, Any] = {"apps": list(apps)}
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
    with open(made, "w", encoding="utf-8") as file:  # noqa: PTH123 - nobody else can read it from its first moment
        json.dump(document, file, indent=2)
        file.write("\n")


def _text(path: Path, what: str) -> str:
    """Return a file's text. Raises ConfigError; ``what`` it should have been."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > _MOST:
        raise ConfigError(f"{path} is no {what}: it is larger than {_MOST} octets")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no {what}: it is not UTF-8 text") from None


def _read(path: Path) -> Mapping[str, object]:
    """Read TOML from a file whose name ends in ``.toml``, else JSON, as goslmailer does. Raises ConfigError."""
    text = _text(path, "configuration of goslmailer")
    form = "TOML" if path.suffix == ".toml" else "JSON"
    try:
        content = tomllib.loads(text) if form == "TOML" else json.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        line = _LINE.search(str(error))  # the rest of its words may quote a key
        raise ConfigError(f"{path} is no {form} that can be read{f' ({line[0]})' if line else ''}") from None
    if not isinstance(content, Mapping):
        raise ConfigError(f"{path} is no configuration of goslmailer: it holds no table")
    return content
