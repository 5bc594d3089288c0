"""``headgate me subscribe`` and ``unsubscribe``."""

from __future__ import annotations

import click

from headgate.cli.me.service import ask
from headgate.cli.me.words import Span
from headgate.cli.options import Number
from headgate.cli.output import json_option, plain, show_json
from headgate.model.person_words import filter_words


@click.command()
@click.argument("connector")
@click.option("--failures", is_flag=True, help="Of jobs that did not end well.")
@click.option("--longer-than", type=Span(), help="Of jobs that ran for 1h or so, or longer.")
@click.option("--starts", is_flag=True, help="Of starts, too.")
@click.option("--partition", "partitions", multiple=True, help="Only of jobs in this partition; may be repeated.")
@json_option
def subscribe(
    connector: str,
    longer_than: float | None,
    partitions: tuple[str, ...],
    *,
    failures: bool,
    starts: bool,
    as_json: bool,
) -> None:
    """Be told of all your jobs through CONNECTOR, whatever --mail-type says.

    Without --failures and --longer-than, of every end. With both, of failures and of long jobs.
    """
    chosen = {"failures": failures, "longer_than": longer_than, "starts": starts, "partitions": list(partitions)}
    made = ask("POST", "/me/subscriptions", body={"connector": connector, "filter": chosen})
    if as_json:
        show_json(made)
        return
    click.echo(f"Subscription {made['id']}: to {plain(made['connector'])}, {plain(filter_words(made['filter']))}")


@click.command()
@click.argument("number", type=Number())
def unsubscribe(number: int) -> None:
    """End the subscription NUMBER (`headgate me` shows them)."""
    ask("DELETE", "/me/subscriptions", str(number))
    click.echo(f"Subscription {number} is over")
