"""Rules as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.rules.rule import Rule

if TYPE_CHECKING:
    from headgate.cli.rule.site import Rules


def as_json(rule: Rule, site: Rules) -> dict[str, object]:
    """Return a rule as JSON."""
    decision = site.decided.get(rule.ref)
    return {
        "ref": rule.ref,
        "name": rule.name,
        "pack": rule.pack,
        "state": site.state(rule),
        "description": rule.description,
        "trigger": rule.trigger,
        "parameters": dict(rule.parameters),
        "criteria": [
            {"key": one.key, "type": one.operator, "pattern": one.pattern, "condition": one.condition or None}
            for one in rule.criteria
        ],
        "backstop": rule.backstop,
        "for": rule.held,
        "rate": None if rule.rate is None else {"count": rule.rate.count, "within": rule.rate.within},
        "repeated": None if rule.repeated is None else {"count": rule.repeated.count, "within": rule.repeated.within},
        "role": rule.role.value,
        "plan": rule.plan.model_dump(mode="json"),
        "file": rule.file,
        "library": rule.library,
        "enabled_in_file": rule.enabled,
        "decided": None
        if decision is None
        else {
            "enabled": decision.enabled,
            "stopped": decision.stopped or None,
            "at": decision.changed_at,
            "by": decision.changed_by,
        },
    }
