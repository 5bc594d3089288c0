"""The kind ``msteams``, as the registry knows it."""

from __future__ import annotations

from headgate.connectors.kind import ConnectorKind
from headgate.connectors.msteams.connector import TeamsConnector
from headgate.connectors.msteams.settings import TeamsSettings

KIND = ConnectorKind(TeamsSettings, TeamsConnector)
