"""What a package has to offer to be a kind of connector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator

from headgate.config.connector import ConnectorSettings
from headgate.notify.connector import Connector


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("should be an absolute path")
    return path


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
"""For settings that name a file: it is read wherever the service happens to run."""

S = TypeVar("S", bound=ConnectorSettings)


@dataclass(frozen=True, slots=True)
class ConnectorKind(Generic[S]):
    """One kind of connector: its settings, and how a connector is made of them.

    ``make`` gets the connector's name and its validated settings. It opens no connection, and raises ConfigError or
    ConnectorError when the settings name something that is not there (a certificate file, a template).
    """

    settings: type[S]
    make: Callable[[str, S], Connector]
