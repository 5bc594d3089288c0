"""The kind ``apprise``, as the registry knows it."""

from __future__ import annotations

from headgate.connectors.apprise.connector import AppriseConnector
from headgate.connectors.apprise.settings import AppriseSettings
from headgate.connectors.kind import ConnectorKind

KIND = ConnectorKind(AppriseSettings, AppriseConnector)
