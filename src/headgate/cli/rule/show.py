"""``headgate rule show``."""

from __future__ import annotations

import click

from headgate.cli.output import json_option, moment, show_fields, show_json
from headgate.cli.rule.fields import as_json as as_json_of
from headgate.model.durations import show_duration


@click.command()
@click.argument("ref")
@json_option
def show(ref: str, *, as_json: bool) -> None:
    """Show everything about rule REF (pack.name)."""
    from headgate.cli.rule.site import opened_rules

    with opened_rules() as site:
        rule = site.get(ref)
        if as_json:
            show_json(as_json_of(rule, site))
            return
        decision = site.decided.get(rule.ref)
        show_fields(
            {
                "Rule": rule.ref,
                "State": site.state(rule),
                "Stopped because": (decision.stopped if decision else "") or None,
                "Switched": f"{moment(decision.changed_at)} by {decision.changed_by}" if decision else None,
                "What for": rule.description,
                "File": rule.file,
                "When": rule.trigger,
                "And": [f"{one.key} {one.operator} {one.pattern!r}" for one in rule.criteria],
                "Lasting": show_duration(rule.held) if rule.held else None,
                "Repeated": f"{rule.repeated.count} in {show_duration(rule.repeated.within)}"
                if rule.repeated
                else None,
                "At most": f"{rule.rate.count} in {show_duration(rule.rate.within)}" if rule.rate else None,
                "Approval": rule.plan.approval.role.value if rule.plan.approval else None,
                "Role": rule.role.value,
                "Steps": [f"{step.name}: {step.ref} {step.parameters or ''}" for step in rule.plan.steps],
            }
        )
