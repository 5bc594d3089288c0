"""The kind ``webhook``, as the registry knows it."""

from __future__ import annotations

from headgate.connectors.kind import ConnectorKind
from headgate.connectors.webhook.connector import WebhookConnector
from headgate.connectors.webhook.settings import WebhookSettings

KIND = ConnectorKind(WebhookSettings, WebhookConnector)
