"""Which kinds of connector there are, and how one is made from its settings.

Built-in kinds stand in a table. Other packages add theirs by an entry point of the group ``headgate.connectors``: its
name is the kind, its object a :class:`headgate.connectors.kind.ConnectorKind`.
"""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from headgate.config.connector import ConnectorSettings
from headgate.connectors.kind import ConnectorKind
from headgate.errors import ConfigError, NotFoundError
from headgate.notify.connector import Connector

ENTRY_POINT_GROUP = "headgate.connectors"
_BUILT_IN = {
    kind: f"headgate.connectors.{kind}.kind:KIND"
    for kind in (
        "apprise",
        "discord",
        "mailto",
        "matrix",
        "mattermost",
        "msteams",
        "rabbitmq",
        "slack",
        "telegram",
        "webhook",
    )
}


def kinds() -> list[str]:
    """Return the kinds that can be used here, sorted."""
    return sorted(_entry_points())


def settings_of(kind: str) -> type[ConnectorSettings]:
    """Return the settings model of a kind. Raises NotFoundError if there is no such kind."""
    return kind_named(kind).settings


def make_connector(name: str, kind: str, raw: Mapping[str, object]) -> Connector:
    """Make the connector ``name`` from the settings in its table.

    Secrets are already resolved (no ``password_file`` any more). Raises NotFoundError for an unknown kind, ConfigError
    for settings that do not fit, with the keys and never the values.
    """
    chosen = kind_named(kind)
    try:
        settings = chosen.settings.model_validate({**raw, "kind": kind})
    except ValidationError as error:
        raise ConfigError(f"connector {name}: {_mistakes(error)}") from None
    return chosen.make(name, settings)


def kind_named(kind: str) -> ConnectorKind[Any]:
    """Return what a kind offers. Raises NotFoundError for an unknown one, ConfigError for one that is broken."""
    found = _entry_points().get(kind)
    if found is None:
        raise NotFoundError(f"there is no connector of kind {kind!r}; known: {', '.join(kinds())}")
    try:
        offered = found.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"connector kind {kind!r} ({found.value}) cannot be loaded: {error}") from error
    if not isinstance(offered, ConnectorKind):
        raise ConfigError(f"connector kind {kind!r}: {found.value} is no ConnectorKind")
    return offered


@functools.cache
def _entry_points() -> dict[str, importlib.metadata.EntryPoint]:
    """Return the built-in kinds and those of installed packages; a package cannot take a built-in one's name."""
    installed = {point.name: point for point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)}
    built_in = {
        kind: importlib.metadata.EntryPoint(kind, where, ENTRY_POINT_GROUP) for kind, where in _BUILT_IN.items()
    }
    return installed | built_in


def _mistakes(error: ValidationError) -> str:
    parts = (
        f"{'.'.join(str(part) for part in mistake['loc']) or 'settings'}: {mistake['msg']}"
        for mistake in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return "; ".join(parts)
