"""What a package has to offer to be a kind of connector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from headgate.bots.chat import Listener, Memory
from headgate.config.connector import ConnectorSettings
from headgate.config.section import AbsolutePath
from headgate.notify.connector import Connector

__all__ = ["AbsolutePath", "ConnectorKind"]

S = TypeVar("S", bound=ConnectorSettings)


@dataclass(frozen=True, slots=True)
class ConnectorKind(Generic[S]):
    """One kind of connector: its settings, and how a connector is made of them.

    ``make`` gets the connector's name and its validated settings. It opens no connection, and raises ConfigError or
    ConnectorError when the settings name something that is not there (a certificate file, a template).
    """

    settings: type[S]
    make: Callable[[str, S], Connector]
    listen: Callable[[str, S, Memory], Listener] | None = None
    """How the bot of a connector is made, where the service has people who can talk to it: the connector's name, its
    settings (of a :class:`headgate.config.chat.ChatSettings`), and where it keeps its place in the service's stream."""
