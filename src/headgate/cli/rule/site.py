"""The rules as the service sees them, and what the command line says of each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from headgate.actions.catalogue import CATALOGUE
from headgate.cli.options import AnyConnector, config_path, opened_store
from headgate.config.load import load
from headgate.config.settings import Settings
from headgate.rules import files
from headgate.rules.book import RuleBook
from headgate.rules.complaints import Complaints
from headgate.store import rules
from headgate.store.store import Store


@dataclass(frozen=True, slots=True)
class Rules(RuleBook):
    """The configuration, the open store, all rules, and what was decided about them."""

    settings: Settings
    store: Store


@contextlib.contextmanager
def opened_rules() -> Iterator[Rules]:
    """Open the store and read all rules. Raises ConfigError and StoreError."""
    settings = load(config_path(), connector_settings=lambda _: AnyConnector)
    with opened_store(settings) as store:
        loaded = files.load(settings.rules.directory, Complaints(CATALOGUE))
        yield Rules(loaded, store.read_now(rules.decisions), settings, store)
