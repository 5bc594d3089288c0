"""``headgate job files``, ``get`` and ``put``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from headgate.cli.job.gateway import opened
from headgate.cli.output import json_option, moment, show_json, show_table
from headgate.errors import HeadgateError


@click.command("files")
@click.argument("job_id", metavar="ID")
@click.argument("path", default="")
@json_option
def files(job_id: str, path: str, *, as_json: bool) -> None:
    """List a job's directory, or the directory PATH in it."""
    with opened() as client:
        found = client.files(job_id, path)
    if as_json:
        show_json([one.model_dump() for one in found])
    else:
        rows = [(one.mode, one.size, moment(one.modified), one.name + "/" * (one.kind == "directory")) for one in found]
        show_table(("MODE", "SIZE", "MODIFIED", "NAME"), rows, empty="It is empty.")


@click.command("get")
@click.argument("job_id", metavar="ID")
@click.argument("path")
@click.argument("local", type=click.Path(dir_okay=False, path_type=Path), required=False)
def get(job_id: str, path: str, local: Path | None) -> None:
    """Fetch the file PATH of a job. What was fetched before it broke off is not fetched again."""
    target = local or Path(Path(path).name)
    with opened() as client, progress(path) as told:
        try:
            client.download(job_id, path, target, told=told)
        except OSError as error:
            raise HeadgateError(f"{target} cannot be written: {error.strerror}") from error


@click.command("put")
@click.argument("job_id", metavar="ID")
@click.argument("local", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("path", required=False)
def put(job_id: str, local: Path, path: str | None) -> None:
    """Write the file LOCAL into a job's directory, as PATH."""
    if not local.is_file():
        raise HeadgateError(f"there is no file {local}")
    with opened() as client, progress(local.name) as told:
        try:
            client.upload(job_id, local, path or local.name, told=told)
        except OSError as error:
            raise HeadgateError(f"{local} cannot be read: {error.strerror}") from error


@contextlib.contextmanager
def progress(name: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show how far a transfer is, on a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, size: bar.update(task, completed=done, total=size)
