"""What is wrong with a rule that its file alone does not show: actions, parameters and triggers that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headgate.actions.catalogue import Catalogue
from headgate.config.locations import KeyPath
from headgate.config.suggest import likely
from headgate.model.role import Role
from headgate.rules import triggers
from headgate.rules.rule import Rule, Step


class Complaints:
    """Compares rules with the actions there are."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def __call__(self, rule: Rule) -> list[tuple[KeyPath, str]]:
        """Return places in the rule's file, and what is wrong there."""
        found = list(_trigger(rule))
        for number, step in enumerate(rule.plan.steps):
            place: KeyPath = ("action",) if number == 0 else ("headgate", "steps", number - 1)
            found += self._step(step, place, rule.role)
        return found

    def _step(self, step: Step, place: KeyPath, role: Role) -> Iterator[tuple[KeyPath, str]]:
        if step.ref not in self._catalogue:
            meant = likely(step.ref, (action.name for action in self._catalogue))
            yield (*place, "ref"), f"there is no action {step.ref[:64]}" + (f"; did you mean {meant}?" if meant else "")
            return
        action = self._catalogue.get(step.ref)
        schema = action.parameters_schema
        declared: Mapping[str, Any] = schema.get("properties", {})
        for name in step.parameters:
            if name not in declared and "{" not in name:
                meant = likely(name, declared)
                hint = f"; did you mean {meant}?" if meant else ""
                yield (*place, "parameters", name), f"{action.name} has no parameter {name[:64]}{hint}"
        for name in schema.get("required", ()):
            if name not in step.parameters and not any("{" in key for key in step.parameters):
                yield (*place, "parameters"), f"{action.name} needs the parameter {name}"
        if not role.covers(action.role):
            yield (*place, "ref"), f"{action.name} takes the role {action.role.value}: say so with headgate.role"


def _trigger(rule: Rule) -> Iterator[tuple[KeyPath, str]]:
    known = triggers.known()
    if not any(triggers.is_named(rule.trigger, name) for name in known):
        meant = likely(rule.trigger, known)
        yield ("trigger", "type"), "no event is of this kind" + (f"; did you mean {meant}?" if meant else "")
