"""``headgate job list``, ``show``, ``watch`` and ``output``."""

from __future__ import annotations

import contextlib
import itertools
import sys

import click

from headgate.cli.job.gateway import COLUMNS, as_fields, as_row, opened, state_of, status_of
from headgate.cli.output import json_option, moment, plain, show_fields, show_json, show_json_line, show_table


@click.command("list")
@click.option("--phase", multiple=True, help="Only jobs that are created, submitting, active, ended or refused.")
@click.option("--state", multiple=True, help="Only jobs in this state of Slurm.")
@click.option("--name", help="Only jobs of this name.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many.")
@json_option
def list_(*, phase: tuple[str, ...], state: tuple[str, ...], name: str | None, limit: int, as_json: bool) -> None:
    """List jobs, newest first."""
    query = {"phase": list(phase) or None, "state": list(state) or None, "name": name, "sort": "-created"}
    with opened() as client:
        found = list(itertools.islice(client.list(**query, limit=min(limit, 500)), limit))
    if as_json:
        show_json([job.model_dump() for job in found])
    else:
        show_table(COLUMNS, [as_row(job) for job in found], empty="No such jobs.")


@click.command("show")
@click.argument("job_id", metavar="ID")
@json_option
def show(job_id: str, *, as_json: bool) -> None:
    """Show a job."""
    with opened() as client:
        job = client.get(job_id)
    if as_json:
        show_json(job.model_dump())
    else:
        show_fields(as_fields(job))


@click.command("watch")
@click.argument("job_id", metavar="ID")
@json_option
def watch(job_id: str, *, as_json: bool) -> None:
    """Tell what happens to a job, until it is over. Ends with the job's exit code."""
    with opened() as client:
        job = client.get(job_id)
        if not job.over:
            with contextlib.closing(client.events(job_id, after=0)) as told:
                for one in told:
                    if as_json:
                        show_json_line(one.model_dump())
                    else:
                        what = one.kind.removeprefix("job.")
                        click.echo(f"{moment(one.time)}  {what}  {plain(one.data.get('label', ''))}")
                    if one.kind == "job.ended" and (job := client.get(job_id)).over:
                        break
    click.echo(f"The job is over: {state_of(job)}", err=True)
    sys.exit(status_of(job))


@click.command("output")
@click.argument("job_id", metavar="ID")
@click.option("--follow", is_flag=True, help="Stay until the job is over.")
@click.option("--error", is_flag=True, help="What it wrote to its errors, where they have a file of their own.")
@click.option("--task", type=click.IntRange(0), help="The task, of an array.")
def output(job_id: str, *, follow: bool, error: bool, task: int | None) -> None:
    """Write a job's output to standard output, as it is."""
    stream = sys.stdout.buffer
    with opened() as client:
        for piece in client.output(job_id, follow=follow, error=error, task=task):
            stream.write(piece)
            stream.flush()
