"""Which rules match an event, and what is said of those that do not. Decided without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from headgate.model.event import JSON, Event
from headgate.rules import paths
from headgate.rules.criteria import Checked, check_all
from headgate.rules.rule import Rule
from headgate.rules.triggers import Trigger, is_named, triggers_of


@dataclass(frozen=True, slots=True)
class Names:
    """What templates may name beside the event: ``config_context`` and ``st2kv.system``."""

    config: Mapping[str, JSON]
    values: Mapping[str, JSON]

    def of(self, payload: Mapping[str, JSON], results: Mapping[str, JSON] | None = None) -> dict[str, JSON]:
        """Return all names, for an event's payload and the results of the steps before."""
        values = dict(self.values)
        return {
            "trigger": dict(payload),
            "config_context": dict(self.config),
            "st2kv": {"system": values},
            "system": values,
            "steps": dict(results or {}),
        }


@dataclass(frozen=True, slots=True)
class Match:
    """What came of comparing an event with a rule. ``checked``: the comparisons, up to the first that failed."""

    rule: Rule
    trigger: Trigger
    matches: bool
    checked: tuple[Checked, ...] = ()
    why: str = ""

    def per(self, event: Event) -> str:
        """Return what the rule counts apart: what it says, or the event's subject on its cluster."""
        if not self.rule.per:
            return f"{event.cluster} {event.subject}".strip()
        value = paths.value_at(self.rule.per, {"trigger": dict(self.trigger.payload)})
        return value if isinstance(value, str) else str(value)


def compare(rule: Rule, event: Event, names: Names, now: float) -> Match | None:
    """Compare an event with a rule; None if the rule is about other kinds of event."""
    trigger = next((one for one in triggers_of(event) if is_named(rule.trigger, one.type)), None)
    if trigger is None:
        return None
    for name, value in rule.parameters.items():
        if trigger.payload.get(name) != value:
            return Match(rule, trigger, matches=False, why=f"the trigger's parameter {name} is another")
    known = names.of(trigger.payload)
    checked = tuple(check_all(rule.criteria, known, datetime.fromtimestamp(now, UTC)))
    return Match(rule, trigger, all(one.matches for one in checked), checked)


def matching(rules: Iterable[Rule], event: Event, names: Names, now: float) -> list[Match]:
    """Return the matches of an event among rules that are on; those for the rest only if there is no other."""
    ordinary: list[Rule] = []
    backstops: list[Rule] = []
    for rule in rules:
        (backstops if rule.backstop else ordinary).append(rule)
    return _matches(ordinary, event, names, now) or _matches(backstops, event, names, now)


def _matches(rules: Sequence[Rule], event: Event, names: Names, now: float) -> list[Match]:
    compared = (compare(rule, event, names, now) for rule in rules)
    return [match for match in compared if match is not None and match.matches]


def explain(match: Match) -> list[str]:
    """Say in words what came of every comparison of a rule with an event."""
    if match.why:
        return [match.why]
    lines = []
    for one in match.checked:
        said = "matches" if one.matches else one.why or "does not match"
        lines.append(f"{one.criterion.key} {one.criterion.operator} {one.criterion.pattern!r}: {said} ({one.value!r})")
    return lines
