"""All settings, from the models that read them."""

from __future__ import annotations

from headgate.config.reference import settings_reference
from headgate.connectors.registry import kinds, settings_of
from scripts.reference.markdown import generated

INTRODUCTION = """
Every table and key of `headgate.toml`. How the file is found, checked and overruled by the environment, and where
secrets may come from, stands in [Configuration](../configuration.md). A setting that is not given has its default.
"""


def page() -> str:
    """Return the page."""
    return generated("Settings", INTRODUCTION, settings_reference({kind: settings_of(kind) for kind in kinds()}))
