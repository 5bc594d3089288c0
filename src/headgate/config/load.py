"""Reading the configuration: file, environment and secrets become settings, or a list of everything that is wrong.

``read`` does it all; ``load`` is for those who can only go on with settings, ``check.check`` for those who want to know
what is wrong.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from headgate.config.build_remarks import missing, remarks, remarks_on_repositories
from headgate.config.connector import ConnectorSettings
from headgate.config.document import Document, Tree, read_document
from headgate.config.environment import ENVIRONMENT, overlay
from headgate.config.locations import KeyPath, line_of
from headgate.config.origin import Origin
from headgate.config.problem import Problem, Severity
from headgate.config.secrets import SUFFIXES, Places, Resolved, resolve
from headgate.config.settings import Settings
from headgate.config.suggest import likely
from headgate.config.wrong import Mistake, mistakes_of
from headgate.errors import ConfigError, HeadgateError

DEFAULT_PATH: Final = Path("/etc/headgate/headgate.toml")
PATH_VARIABLE: Final = "HEADGATE_CONFIG"
ConnectorKinds = Callable[[str], type[ConnectorSettings]]
"""Gives the settings model of a kind of connector; raises ConnectorError for a kind there is not."""
_CONNECTOR_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading the configuration."""

    path: Path
    settings: Settings | None
    """None if there is at least one error among the problems."""
    problems: tuple[Problem, ...]
    """By line; errors and warnings."""
    origins: Mapping[KeyPath, Origin]
    """Where each value came from that is not a default, by its place: ``("notify", "attempts")``."""


def load(
    path: Path | None = None, *, env: Mapping[str, str] | None = None, connector_settings: ConnectorKinds
) -> Settings:
    """Return the settings. Raises ConfigError that names every mistake, one a line."""
    reading = read(path, env=env, connector_settings=connector_settings)
    if reading.settings is None:
        raise ConfigError("\n".join(str(problem) for problem in reading.problems if problem.severity == "error"))
    return reading.settings


def read(
    path: Path | None = None,
    *,
    env: Mapping[str, str] | None = None,
    connector_settings: ConnectorKinds,
    known_kinds: Collection[str] = (),
    files: bool = False,
) -> Reading:
    """Read the file at ``path``, or the one ``HEADGATE_CONFIG`` names, or the default one if it exists.

    ``env`` is the environment (by default that of this process); ``known_kinds`` are the kinds of connector that may
    have been meant by one there is not. With ``files``, other files that settings name are read, too, and what parts of
    the service would not start without is a mistake already.
    """
    env = os.environ if env is None else env
    file = path or Path(env.get(PATH_VARIABLE) or DEFAULT_PATH)
    chosen = path is not None or bool(env.get(PATH_VARIABLE))
    document = read_document(file) if chosen or file.exists() else Document(str(file))
    return _Reader(file, document, env, connector_settings, known_kinds, files).read()


@dataclass(slots=True)
class _Reader:
    """One reading, step by step."""

    file: Path
    document: Document
    env: Mapping[str, str]
    kinds: ConnectorKinds
    known_kinds: Collection[str]
    files: bool
    variables: dict[KeyPath, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    secrets: list[Resolved] = field(default_factory=list)

    def read(self) -> Reading:
        tree = copy.deepcopy(self.document.tree)
        self.problems += self.document.problems
        self.variables, problems = overlay(tree, self.env)
        self.problems += problems
        given = _leaves(tree)
        connectors = self._connectors(tree.pop("connectors", {}))
        settings = self._settings(tree)
        if settings is not None:
            self._check_default(settings, connectors)
            self._report(remarks(settings.builds), severity="warning")
            if self.files:
                self._report(missing(settings.builds))
                self._report(remarks_on_repositories(settings.builds), severity="warning")
            settings = settings.model_copy(update={"connectors": connectors})
        self._warn_of_secrets()
        self.problems.sort(key=lambda problem: (problem.file == ENVIRONMENT, problem.line or 0, problem.key))
        broken = any(problem.severity == "error" for problem in self.problems)
        origins = self._origins(given)
        if settings is not None:
            settings.read_from(self.file, origins)
        return Reading(self.file, None if broken else settings, tuple(self.problems), origins)

    def _settings(self, tree: Tree) -> Settings | None:
        resolved = self._resolve(tree, Settings, ())
        try:
            return Settings.model_validate(tree)
        except ValidationError as error:
            self._report(mistakes_of(error, Settings, tree), resolved)
            return None

    def _connectors(self, tables: Any) -> dict[str, ConnectorSettings]:
        connectors: dict[str, ConnectorSettings] = {}
        if not isinstance(tables, dict):
            self._report([Mistake(("connectors",), "should be a table")])
            return connectors
        for name, table in tables.items():
            connector = self._connector(("connectors", name), name, table)
            if connector is not None:
                connectors[name] = connector
        return connectors

    def _connector(self, path: KeyPath, name: str, table: Any) -> ConnectorSettings | None:
        if not isinstance(table, dict):
            self._report([Mistake(path, "should be a table")])
            return None
        if not _CONNECTOR_NAME.fullmatch(name):
            self._report([Mistake(path, "a connector's name holds letters, digits, _ . - and begins with a letter")])
        kind = table.get("kind", name)
        if not isinstance(kind, str):
            self._report([Mistake((*path, "kind"), "should be a text")])
            return None
        try:
            model = self.kinds(kind)
        except HeadgateError as error:
            at = (*path, "kind") if "kind" in table else path
            self._report([Mistake(at, error.message, likely(kind, set(self.known_kinds) - {kind}))])
            return None
        table["kind"] = kind
        resolved = self._resolve(table, model, path)
        try:
            return model.model_validate(table)
        except ValidationError as error:
            self._report(mistakes_of(error, model, table, path), resolved)
            return None

    def _resolve(self, tree: Tree, model: type[Settings | ConnectorSettings], path: KeyPath) -> Resolved:
        places = Places(self.env, self.file.parent)
        resolved = resolve(tree, model, places, path=path, stronger=self._from_environment)
        self.secrets.append(resolved)
        self._report([Mistake(*mistake) for mistake in resolved.mistakes])
        self._report([Mistake(*warning) for warning in resolved.warnings], severity="warning")
        return resolved

    def _from_environment(self, path: KeyPath) -> bool:
        return any(path[:length] in self.variables for length in range(1, len(path) + 1))

    def _report(
        self, mistakes: list[Mistake], resolved: Resolved | None = None, *, severity: Severity = "error"
    ) -> None:
        """Write mistakes down with their places; a secret that could not be fetched is not missed a second time."""
        unfetched = {path for path, _ in resolved.mistakes} if resolved else set()
        for mistake in mistakes:
            if any((*mistake.path[:-1], f"{mistake.path[-1]}{suffix}") in unfetched for suffix in SUFFIXES):
                continue
            file, line, key = self._place(mistake.path, resolved)
            self.problems.append(Problem(file, line, key, mistake.text, mistake.likely, severity))

    def _place(self, path: KeyPath, resolved: Resolved | None = None) -> tuple[str, int | None, str]:
        """Return file, line and name of a key as the reader wrote it."""
        if resolved and path in resolved.via:
            path = resolved.via[path][0]
        for length in range(len(path), 0, -1):
            if path[:length] in self.variables:
                return ENVIRONMENT, None, self.variables[path[:length]]
        return self.document.file, line_of(path, self.document.lines), shown(path)

    def _check_default(self, settings: Settings, connectors: Mapping[str, ConnectorSettings]) -> None:
        name = settings.notify.default_connector
        if name in connectors or name in _names(self.document.tree):
            return
        meant = likely(name, connectors)
        text = f"there is no [connectors.{name}]: receivers that name no connector cannot be reached"
        self._report([Mistake(("notify", "default_connector"), text, meant)], severity="warning")

    def _warn_of_secrets(self) -> None:
        """Warn of secrets that stand in a file everybody can read."""
        inline = [path for resolved in self.secrets for path in resolved.inline if not self._from_environment(path)]
        if inline and self.document.world_readable:
            text = f"stands in a file that everybody on this machine can read (chmod o= {self.file})"
            self._report([Mistake(path, text) for path in inline], severity="warning")

    def _origins(self, given: list[KeyPath]) -> dict[KeyPath, Origin]:
        origins: dict[KeyPath, Origin] = {}
        via = {at: (path, where) for resolved in self.secrets for path, (at, where) in resolved.via.items()}
        for path in given:
            setting, where = via.get(path, (path, ""))
            file, line, key = self._place(path)
            if file == ENVIRONMENT:
                origins[setting] = Origin("environment", key, where)
            else:
                origins[setting] = Origin("file", file if line is None else f"{file}:{line}", where)
        return origins


def shown(path: KeyPath) -> str:
    """Return a path as one writes it: ``notify.attempts``, ``service.parts[1]``, ``connectors."a b".url``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _BARE_KEY.fullmatch(part) else json.dumps(part)
            text += f".{name}" if text else name
    return text


def _leaves(tree: Any, path: KeyPath = ()) -> list[KeyPath]:
    """Return the paths of all values that are no tables."""
    if isinstance(tree, dict):
        return [leaf for key, value in tree.items() for leaf in _leaves(value, (*path, key))]
    return [path]


def _names(tree: Tree) -> Collection[str]:
    """Return the names of the connectors in a file, usable or not."""
    tables = tree.get("connectors")
    return tables if isinstance(tables, dict) else ()
