"""Which spool a command is about."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.options import config_path

spool_option = click.option(
    "--spool", type=click.Path(path_type=Path), help="Spool directory.  [default: spool.path of the configuration]"
)
"""The option --spool of a command."""


def spool_path(chosen: Path | None) -> Path:
    """Return the chosen directory, or else the one of the configuration.

    Raises ConfigError if the configuration is needed and cannot be used.
    """
    if chosen is not None:
        return chosen
    from headgate.service.wiring import load_settings

    return load_settings(config_path()).spool.path
