"""``headgate build show``."""

from __future__ import annotations

from dataclasses import asdict

import click

from headgate.cli.build.fields import as_json as as_json_of
from headgate.cli.build.fields import result_of
from headgate.cli.options import Number, opened_store
from headgate.cli.output import json_option, moment, show_fields, show_json
from headgate.errors import NotFoundError


@click.command()
@click.argument("number", type=Number())
@json_option
def show(number: int, *, as_json: bool) -> None:
    """Show everything about build job NUMBER (the ID of `headgate build list`): where it stands, and its rows."""
    from headgate.store import build_rows, builds

    with opened_store() as store:
        one = store.read_now(lambda connection: builds.get_job(connection, number))
        rows = store.read_now(lambda connection: build_rows.of_job(connection, number))
        run = None if one is None else store.read_now(lambda connection: builds.get_run(connection, one.run_id))
    if one is None:
        raise NotFoundError(f"there is no build job {number}")
    if as_json:
        show_json(as_json_of(one) | {"rows": [asdict(row) for row in rows]})
        return
    show_fields(
        {
            "Build job": one.id,
            "Pull request": f"{one.repository}#{one.number}",
            "Asked for by": one.requester,
            "Commit": one.commit,
            "Built on": None if run is None else run.base_commit or None,
            "Target": one.target,
            "For": " ".join(part for part in (one.for_architecture, one.for_accelerator) if part),
            "Repository": one.repo_id,
            "Phase": one.phase.value,
            "Cluster": one.cluster,
            "Slurm job": one.job_id,
            "State": one.state or None,
            "Result": result_of(one) or None,
            "Why": one.problem or None,
            "Directory": one.directory,
            "Comment": one.comment_url or None,
            "Cancelled by": one.cancelled_by or None,
            "Begun": moment(one.created_at),
            "Ended": moment(one.ended_at),
            "Rows": [
                f"{moment(row.at)} {row.status}: {row.text}" + ("" if row.written else " (not written yet)")
                for row in rows
            ],
        }
    )
