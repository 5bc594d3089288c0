"""``headgate rule list``."""

from __future__ import annotations

import click

from headgate.cli.output import json_option, show_json, show_table
from headgate.cli.rule.fields import as_json as as_json_of

_COLUMNS = ("RULE", "STATE", "WHEN", "ACTION", "FROM", "WHAT FOR")
_SHORT = 70


@click.command("list")
@click.option("--on", "only_on", is_flag=True, help="Only those that are on.")
@json_option
def list_(*, only_on: bool, as_json: bool) -> None:
    """List the rules: those of the rules' directory, and those that came with Headgate."""
    from headgate.cli.rule.site import opened_rules

    with opened_rules() as site:
        chosen = [rule for rule in site.loaded.rules.values() if not only_on or site.state(rule) == "on"]
        if as_json:
            show_json([as_json_of(rule, site) for rule in chosen])
            return
        rows = [
            (
                rule.ref,
                site.state(rule),
                rule.trigger,
                ", ".join(dict.fromkeys(step.ref for step in rule.plan.steps)),
                "Headgate" if rule.library else rule.file.rpartition("/")[2],
                rule.description if len(rule.description) <= _SHORT else rule.description[: _SHORT - 1] + "…",
            )
            for rule in chosen
        ]
        show_table(_COLUMNS, rows, empty="There are no rules.")
        for problem in site.loaded.problems:
            click.echo(str(problem), err=True)
