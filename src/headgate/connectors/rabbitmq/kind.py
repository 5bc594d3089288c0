"""The kind ``rabbitmq``, as the registry knows it."""

from __future__ import annotations

from headgate.connectors.kind import ConnectorKind
from headgate.connectors.rabbitmq.connector import RabbitConnector
from headgate.connectors.rabbitmq.settings import RabbitSettings

KIND = ConnectorKind(RabbitSettings, RabbitConnector)
