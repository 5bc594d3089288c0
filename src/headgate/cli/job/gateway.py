"""The client that the commands about jobs use, and how a job is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headgate.cli.output import moment
from headgate.client import Client, Job
from headgate.errors import HeadgateError

_SIGNALLED = 128
COLUMNS = ("ID", "NAME", "USER", "SLURM", "STATE", "CREATED", "ENDED")


def opened() -> Client:
    """Return a client of the gateway that options or the environment name. Raises HeadgateError."""
    url, token_file, ca_file, user = click.get_current_context().meta["headgate.job"]
    token = None
    if token_file:
        try:
            token = Path(token_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise HeadgateError(f"the token's file {token_file} cannot be read") from error
    return Client(url, token, user=user, ca_file=ca_file)


def state_of(job: Job) -> str:
    """Say in a word or two how a job is."""
    if job.phase in ("created", "submitting", "refused"):
        return job.phase
    code = f" ({job.exit_code})" if job.exit_code else ""
    return f"{job.state or job.phase}{code}"


def as_row(job: Job) -> tuple[str, ...]:
    """Return a job as a row of a table."""
    times = (moment(job.created_at), moment(job.ended_at))
    return job.id, job.name, job.user_name, str(job.slurm_id or "-"), state_of(job), *times


def as_fields(job: Job) -> dict[str, Any]:
    """Return a job as names and values for people."""
    told = {
        "id": job.id,
        "name": job.name,
        "user": job.user_name,
        "cluster": job.cluster,
        "Slurm job": job.slurm_id or None,
        "state": state_of(job),
        "reason": job.reason,
        "problem": job.problem,
        "directory": job.directory,
        "created": moment(job.created_at),
        "submitted": moment(job.submitted_at),
        "started": moment(job.started_at),
        "ended": moment(job.ended_at),
    }
    figures = job.accounting or {}
    used = {"CPU seconds": figures.get("cpu_used"), "memory": figures.get("memory_used"), "nodes": figures.get("nodes")}
    return {**told, **{name: value for name, value in used.items() if value is not None}}


def status_of(job: Job) -> int:
    """Return the exit status of a command that waited for a job: the job's own, as a shell would have it.

    That is 128 and the signal's number for a job that a signal ended; 1 for one that failed in another way.
    """
    if job.phase == "ended" and not job.failed and job.state == "COMPLETED":
        return 0
    return job.exit_code or (_SIGNALLED + job.signal if job.signal else 1)
