"""``headgate audit list``."""

from __future__ import annotations

from dataclasses import asdict

import click

from headgate.cli.options import Moment, opened_store
from headgate.cli.output import json_option, moment, show_json, show_table

_COLUMNS = ("ID", "TIME", "USER", "VIA", "ACTION", "SUBJECT", "OUTCOME", "DETAIL")


@click.command("list")
@click.option("--user", help="Only what this account had done.")
@click.option(
    "--via", help="Only by this way, such as 'command line', 'api portal', 'rule NAME', 'bot slack', 'local socket'."
)
@click.option("--action", help="Only this action, such as slurm.node.drain, cancel or link.")
@click.option("--since", type=Moment(), help="Only from this time on (2026-11-21T10:00, or 2h: two hours ago).")
@click.option("--until", type=Moment(), help="Only up to this time.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many.")
@json_option
def list_(
    user: str | None,
    via: str | None,
    action: str | None,
    since: float | None,
    until: float | None,
    *,
    limit: int,
    as_json: bool,
) -> None:
    """List what was done: actions, and what people had done by bots, the API and the command line; oldest first.

    An entry that says `begun` is under way, or Headgate died in the middle of it.
    """
    from headgate.store import audit

    wanted = audit.AuditFilter(user=user, via=via, action=action, since=since, until=until)
    with opened_store() as store:
        found = store.read_now(lambda connection: audit.find(connection, wanted, limit=limit))
    if as_json:
        show_json([asdict(entry) for entry in found])
        return
    rows = [
        (one.id, moment(one.time), one.user or None, one.via, one.action, one.subject, one.outcome, one.detail)
        for one in found
    ]
    show_table(_COLUMNS, rows, empty="Nothing was done.")
