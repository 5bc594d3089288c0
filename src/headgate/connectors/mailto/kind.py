"""The kind ``mailto``, as the registry knows it."""

from __future__ import annotations

from headgate.connectors.kind import ConnectorKind
from headgate.connectors.mailto.connector import MailtoConnector
from headgate.connectors.mailto.settings import MailtoSettings

KIND = ConnectorKind(MailtoSettings, MailtoConnector)
