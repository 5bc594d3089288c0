"""The configuration these commands are about, read with the kinds of connector there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.cli.options import config_path

if TYPE_CHECKING:
    from headgate.config.load import Reading


def read_configuration(*, files: bool = False) -> Reading:
    """Read the configuration that the command line, the environment or the default names.

    With ``files``, other files that it names are read, too, and parts of the service have what they need.
    """
    from headgate.config.load import read
    from headgate.connectors.registry import kinds, settings_of

    return read(config_path(), connector_settings=settings_of, known_kinds=kinds(), files=files)
