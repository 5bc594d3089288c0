"""The connectors of the configuration, for these commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headgate.cli.options import config_path

if TYPE_CHECKING:
    from headgate.config.connector import ConnectorSettings


def configured() -> tuple[Mapping[str, ConnectorSettings], str]:
    """Return the settings of every connector, and the name of the default one. Raises ConfigError."""
    from headgate.service.wiring import load_settings

    settings = load_settings(config_path())
    return settings.connectors, settings.notify.default_connector


def configured_one(name: str) -> ConnectorSettings:
    """Return the settings of one connector. Raises NotFoundError with the names there are."""
    from headgate.errors import NotFoundError

    connectors, _ = configured()
    if name not in connectors:
        raise NotFoundError(f"there is no connector {name}; configured: {', '.join(sorted(connectors)) or 'none'}")
    return connectors[name]


def as_json(name: str, settings: ConnectorSettings, *, default: bool) -> dict[str, Any]:
    """Return what is to be known of a connector; secrets are masked by their type."""
    return {"name": name, "default": default, **settings.model_dump(mode="json")}
