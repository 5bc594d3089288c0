"""Which spool a command is about."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.service.wiring import load_settings


def spool_path(context: click.Context, chosen: Path | None) -> Path:
    """Return the chosen directory, or else the one of the configuration, which the root command may name by --config.

    Raises ConfigError if the configuration is needed and cannot be used.
    """
    if chosen is not None:
        return chosen
    configuration = context.find_root().params.get("config")
    return load_settings(Path(configuration) if configuration else None).spool.path


spool_option = click.option(
    "--spool", type=click.Path(path_type=Path), help="Spool directory.  [default: spool.path of the configuration]"
)
"""The option --spool of a command."""
