"""``headgate execution list``."""

from __future__ import annotations

import click

from headgate.cli.execution.fields import COLUMNS, as_row
from headgate.cli.execution.fields import as_json as as_json_of
from headgate.cli.options import Moment, opened_store
from headgate.cli.output import json_option, show_json, show_table
from headgate.model.execution import ExecutionState


@click.command("list")
@click.option("--rule", help="Only of this rule (pack.name).")
@click.option("--state", type=click.Choice([state.value for state in ExecutionState]), help="Only in this state.")
@click.option("--about", "subject", help="Only about this, such as 'node n4'.")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not over.")
@click.option("--since", type=Moment(), help="Not before: a date, or 2h, 7d ago.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many.")
@json_option
def list_(
    rule: str | None,
    state: str | None,
    subject: str | None,
    since: float | None,
    limit: int,
    *,
    only_open: bool,
    as_json: bool,
) -> None:
    """List what rules have begun, oldest first."""
    from headgate.store import executions

    wanted = executions.ExecutionFilter(
        rule, None if state is None else ExecutionState(state), subject, only_open, since
    )
    with opened_store() as store:
        found = store.read_now(lambda connection: executions.find(connection, wanted, limit=limit))
    if as_json:
        show_json([as_json_of(one) for one in found])
    else:
        show_table(COLUMNS, [as_row(one) for one in found], empty="No such executions.")
