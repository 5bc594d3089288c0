"""``headgate build list``."""

from __future__ import annotations

import click

from headgate.cli.build.fields import COLUMNS, as_row
from headgate.cli.build.fields import as_json as as_json_of
from headgate.cli.options import Moment, Number, opened_store
from headgate.cli.output import json_option, show_json, show_table
from headgate.model.build import JobPhase


@click.command("list")
@click.option("--repository", help="Only of this repository, OWNER/NAME.")
@click.option("--pull-request", "number", type=Number(), help="Only of the pull request with this number.")
@click.option("--phase", type=click.Choice([phase.value for phase in JobPhase]), help="Only in this phase.")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not over.")
@click.option("--since", type=Moment(), help="Not before: a date, or 2h, 7d ago.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many.")
@json_option
def list_(
    repository: str | None,
    number: int | None,
    phase: str | None,
    since: float | None,
    limit: int,
    *,
    only_open: bool,
    as_json: bool,
) -> None:
    """List the jobs of builds, oldest first."""
    from headgate.store import builds

    wanted = builds.JobFilter(
        path=repository,
        number=number,
        phase=None if phase is None else JobPhase(phase),
        open=only_open,
        since=since,
    )
    with opened_store() as store:
        found = store.read_now(lambda connection: builds.find_jobs(connection, wanted, limit=limit))
    if as_json:
        show_json([as_json_of(one) for one in found])
    else:
        show_table(COLUMNS, [as_row(one) for one in found], empty="No such builds.")
