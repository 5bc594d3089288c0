"""The kind ``telegram``, as the registry knows it."""

from __future__ import annotations

from headgate.connectors.kind import ConnectorKind
from headgate.connectors.telegram.connector import TelegramConnector
from headgate.connectors.telegram.listener import TelegramListener
from headgate.connectors.telegram.settings import TelegramSettings

KIND = ConnectorKind(TelegramSettings, TelegramConnector, TelegramListener)
