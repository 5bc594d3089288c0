"""``headgate rule test``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from headgate.cli.options import Number
from headgate.cli.output import json_option, plain, show_json
from headgate.errors import NotFoundError

if TYPE_CHECKING:
    from headgate.cli.rule.site import Rules
    from headgate.model.event import Event
    from headgate.rules.rule import Rule


@click.command()
@click.argument("event", type=Number())
@click.option("--rule", "ref", help="Only this rule; whether it is on or not.")
@json_option
def test(event: int, ref: str | None, *, as_json: bool) -> None:
    """Say which rules match EVENT, a number of the journal, and what they would do. Nothing is done."""
    from headgate.cli.rule.site import opened_rules
    from headgate.store import journal

    with opened_rules() as site:
        recorded = site.store.read_now(lambda connection: journal.get(connection, event))
        if recorded is None:
            raise NotFoundError(f"there is no event {event}")
        chosen = [site.get(ref)] if ref else list(site.loaded.rules.values())
        told = [one for one in (_told(site, rule, recorded.event) for rule in chosen) if one is not None]
    if as_json:
        show_json(told)
        return
    if not told:
        click.echo(f"No rule is about {recorded.event.kind.value}.")
    for one in told:
        click.echo(plain(f"{one['rule']} ({one['state']}): {'matches' if one['matches'] else 'does not match'}"))
        for line in (*one["checked"], *one["does"]):
            click.echo(f"  {plain(line)}")


def _told(site: Rules, rule: Rule, event: Event) -> dict[str, Any] | None:
    from headgate.rules.matching import compare, explain
    from headgate.service.rules import names_of

    names = names_of(site.settings.rules)
    match = compare(rule, event, names, time.time())
    if match is None:
        return None
    return {
        "rule": rule.ref,
        "state": site.state(rule),
        "matches": match.matches,
        "checked": explain(match),
        "does": _does(rule, names.of(match.trigger.payload)) if match.matches else [],
    }


def _does(rule: Rule, names: Mapping[str, Any]) -> list[str]:
    """Say what the first step would be asked for; later ones depend on what came of it."""
    from headgate.rules import rendering

    step = rule.plan.steps[0]
    try:
        filled = rendering.rendered(dict(step.parameters), names)
    except rendering.RenderingError as error:
        return [f"{step.ref}: the parameters cannot be filled in: {error}"]
    shown = filled.items() if isinstance(filled, dict) else ()
    return [f"does: {step.ref} {' '.join(f'{name}={value!r}' for name, value in shown)}".strip()]
