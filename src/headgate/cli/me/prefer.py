"""``headgate me prefer``."""

from __future__ import annotations

import time

import click

from headgate.cli.me.service import ask
from headgate.cli.me.words import OFF, Only, Quiet, Span
from headgate.cli.output import json_option, show_json
from headgate.model.person_words import preference_words


@click.command()
@click.option("--connector", help="Where your jobs without --mail-user are told; `off`: the site's default.")
@click.option("--quiet", type=Quiet(), help="Hours without messages, such as 22:00-07:00; `off`: none.")
@click.option("--digest", type=Span(off=True), help="Gather messages, and send them every 1h or so; `off`: at once.")
@click.option("--only", type=Only(), help="Outcomes to be told of: failures, all, or such as failed,timed-out.")
@click.option("--mute", type=Span(off=True), help="Hold everything back for 2h or so; `off`: not any more.")
@json_option
def prefer(
    connector: str | None,
    quiet: dict[str, int] | None,
    digest: float | None,
    only: list[str] | None,
    mute: float | None,
    *,
    as_json: bool,
) -> None:
    """Say how you want to be told, or see it. What is held back is kept, and comes as one digest."""
    preferred = ask("GET", "/me/preferences")
    changed: dict[str, object] = {}
    if connector is not None:
        changed["connector"] = None if connector == OFF else connector
    if quiet is not None:
        changed["quiet"] = quiet or None
    if digest is not None:
        changed["digest_every"] = digest if digest >= 0 else None
    if only is not None:
        changed["outcomes"] = only or None
    if mute is not None:
        changed["muted_until"] = time.time() + mute if mute >= 0 else None
    if changed:
        preferred = ask("PUT", "/me/preferences", body={**preferred, **changed})
    if as_json:
        show_json(preferred)
        return
    for line in preference_words(preferred) or ["You are told of everything, at once."]:
        click.echo(line)
