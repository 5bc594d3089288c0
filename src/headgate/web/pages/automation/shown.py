"""Rules and executions as pages show them: in words, bounded, and without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from headgate.actions.catalogue import Catalogue
from headgate.errors import NotFoundError
from headgate.model.durations import show_duration
from headgate.model.event import JSON
from headgate.rules.rule import END, Plan, Rule, Step

HIDDEN: Final = "**********"
_MOST_TEXT: Final = 8000
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def as_text(value: JSON) -> str:
    """Return JSON as a text that people read, bounded."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}\n… and {len(text) - _MOST_TEXT} characters more"


def parameters_of(step: Step, catalogue: Catalogue) -> dict[str, JSON]:
    """Return what a step gives its action, as the rule has it, without what the action declares as secret."""
    try:
        schema: Mapping[str, Any] = catalogue.get(step.ref).parameters_schema
    except NotFoundError:
        return dict.fromkeys(step.parameters, HIDDEN)
    declared: Mapping[str, Any] = schema.get("properties", {})
    return {
        name: _masked(value) if name not in declared or _is_secret(declared[name]) else value
        for name, value in step.parameters.items()
    }


def conditions_of(rule: Rule) -> list[tuple[str, str]]:
    """Return when a rule does something, beside its trigger and criteria: (what, how)."""
    plan, found = rule.plan, []
    if rule.backstop:
        found.append(("Backstop", "matches only what no other rule matched"))
    if rule.held:
        found.append(("Lasting", f"the state has lasted {show_duration(rule.held)}"))
    if rule.repeated:
        found.append(("Repeated", f"with {rule.repeated.count} in {show_duration(rule.repeated.within)}"))
    if rule.rate:
        found.append(("At most", f"{rule.rate.count} in {show_duration(rule.rate.within)}"))
    if rule.per:
        found.append(("Counted for each", rule.per))
    return [*found, *_guards(plan)]


def _guards(plan: Plan) -> list[tuple[str, str]]:
    found = []
    if plan.concurrency:
        found.append(("At a time", f"{plan.concurrency} executions"))
    if plan.drained:
        many = plan.drained.nodes or f"{plan.drained.percent:g} % of the"
        where = f" in {plan.drained.partition}" if plan.drained.partition else ""
        found.append(("Out of service at most", f"{many} nodes{where}"))
    if plan.only_when_empty:
        found.append(("Only", "when its nodes have no job"))
    if plan.quiet:
        hours = ", ".join(f"{_clock(start)} to {_clock(end)}" for start, end in plan.quiet.hours)
        days = ", ".join(_DAYS[day] for day in sorted(plan.quiet.days))
        what = "left out" if plan.quiet.skip else "put off"
        found.append((f"In quiet hours {what}", "; ".join(part for part in (hours, days, plan.quiet.zone) if part)))
    if plan.approval:
        within = show_duration(plan.approval.within)
        found.append(("Approval", f"by the role {plan.approval.role.value}, within {within}"))
    return found


def way_of(step: Step) -> str:
    """Return in words what comes before and after a step, where it is not just the next one."""
    parts = []
    if step.delay:
        parts.append(f"after {show_duration(step.delay)}")
    if step.retry.count:
        parts.append(f"tried again {step.retry.count} times, every {show_duration(step.retry.delay)}")
    for word, name in (("success", step.on_success), ("failure", step.on_failure)):
        if name:
            parts.append(f"on {word}: {'the end' if name == END else name}")
    return "; ".join(parts)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _is_secret(schema: Any) -> bool:
    """Whether any part of a schema is declared as secret; pydantic writes ``SecretStr`` so."""
    if isinstance(schema, dict):
        return schema.get("format") == "password" or any(map(_is_secret, schema.values()))
    return isinstance(schema, list) and any(map(_is_secret, schema))


def _masked(value: JSON) -> JSON:
    """Keep what names things, and hide all else."""
    if isinstance(value, dict):
        return {key: _masked(one) for key, one in value.items()}
    return [_masked(one) for one in value] if isinstance(value, list) else HIDDEN
