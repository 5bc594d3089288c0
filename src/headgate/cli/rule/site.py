"""The rules as the service sees them, and what the command line says of each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from headgate.actions.catalogue import CATALOGUE
from headgate.cli.options import AnyConnector, config_path, opened_store
from headgate.config.load import load
from headgate.config.settings import Settings
from headgate.errors import NotFoundError
from headgate.rules import files
from headgate.rules.complaints import Complaints
from headgate.rules.files import Loaded
from headgate.rules.rule import Rule
from headgate.store import rules
from headgate.store.rules import RuleDecision
from headgate.store.store import Store


@dataclass(frozen=True, slots=True)
class Rules:
    """The configuration, the open store, all rules, and what was decided about them."""

    settings: Settings
    store: Store
    loaded: Loaded
    decided: dict[str, RuleDecision]

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


@contextlib.contextmanager
def opened_rules() -> Iterator[Rules]:
    """Open the store and read all rules. Raises ConfigError and StoreError."""
    settings = load(config_path(), connector_settings=lambda _: AnyConnector)
    with opened_store(settings) as store:
        loaded = files.load(settings.rules.directory, Complaints(CATALOGUE))
        yield Rules(settings, store, loaded, store.read_now(rules.decisions))
