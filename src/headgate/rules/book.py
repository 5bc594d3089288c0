"""All rules of a site, and what was decided about them: which are on, and switching one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from headgate.actions.caller import Caller
from headgate.errors import NotFoundError
from headgate.rules.files import Loaded
from headgate.rules.rule import Rule
from headgate.store import audit, rules
from headgate.store.rules import RuleDecision


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules of all files, and what was decided about them."""

    loaded: Loaded
    decided: Mapping[str, RuleDecision]

    def get(self, ref: str) -> Rule:
        """Return a rule by its ref (``pack.name``), or by its name if only one has it. Raises NotFoundError."""
        if ref in self.loaded.rules:
            return self.loaded.rules[ref]
        named = [rule for rule in self.loaded.rules.values() if rule.name == ref]
        if len(named) != 1:
            raise NotFoundError(f"there is no rule {ref[:100]!a}" if not named else f"several rules are called {ref}")
        return named[0]

    def state(self, rule: Rule) -> str:
        """Return ``on``, ``off``, or ``stopped``."""
        decision = self.decided.get(rule.ref)
        if decision is None:
            return "on" if rule.enabled else "off"
        return "stopped" if decision.stopped else "on" if decision.is_on(rule.enabled) else "off"


def switch(connection: Connection, rule: Rule, caller: Caller, *, enabled: bool, now: float, why: str = "") -> None:
    """Switch a rule on or off, whatever its file says, and write into the audit log who did.

    A rule that Headgate stopped is not stopped any more. What it has begun goes on.
    """
    rules.switch(connection, rule.ref, enabled=enabled, by=caller.user or caller.name, now=now)
    audit.record(
        connection,
        user=caller.user,
        via=caller.via,
        action="rule.enable" if enabled else "rule.disable",
        subject=rule.ref,
        outcome="done",
        detail="; ".join(caller.noted(why)),
        now=now,
    )
