"""Options and arguments several commands share, and the store they open."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from pydantic import ConfigDict

from headgate.config.connector import ConnectorSettings
from headgate.config.load import load
from headgate.config.settings import Settings
from headgate.store.revision import check, current
from headgate.store.store import Store

_AGO = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
_TOO_LONG = 19
"""Digits of numbers that no database can hold."""
_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Number(click.ParamType[int]):
    """A number that something in the store may have."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        text = str(value)
        if not (text.isascii() and text.isdigit() and len(text) < _TOO_LONG):
            self.fail(f"{text!r} is not a number that anything here has", param, ctx)
        return int(text)


class Moment(click.ParamType[float]):
    """A point in time: ``2026-11-21``, ``2026-11-21T10:00``, or ``90m``, ``2h``, ``7d`` ago."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds since the epoch."""
        if isinstance(value, float):
            return value
        ago = _AGO.fullmatch(str(value))
        if ago:
            return time.time() - int(ago[1]) * _UNIT[ago[2]]
        try:
            return datetime.fromisoformat(str(value)).astimezone().timestamp()
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is neither a date (2026-11-21T10:00) nor a time ago (90m, 2h, 7d)", param, ctx)


class AnyConnector(ConnectorSettings):
    """Takes any settings: a command that looks into the store does not care how messages leave."""

    model_config = ConfigDict(extra="allow")


def config_path() -> Path | None:
    """Return the configuration file named on the command line, if one was."""
    context = click.get_current_context()
    found = context.find_root().obj
    return found if isinstance(found, Path) else None


@contextlib.contextmanager
def opened_store(settings: Settings | None = None) -> Iterator[Store]:
    """Open the configured store; ``settings``, if they were read already. Raises ConfigError or StoreError."""
    settings = settings or load(config_path(), connector_settings=lambda _: AnyConnector)
    store = Store(settings.store.url.get_secret_value())
    try:
        check(store.read_now(current))
        yield store
    finally:
        store.close()
