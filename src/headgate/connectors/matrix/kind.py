"""The kind ``matrix``, as the registry knows it."""

from __future__ import annotations

from headgate.connectors.kind import ConnectorKind
from headgate.connectors.matrix.connector import MatrixConnector
from headgate.connectors.matrix.listener import MatrixListener
from headgate.connectors.matrix.settings import MatrixSettings

KIND = ConnectorKind(MatrixSettings, MatrixConnector, listen=MatrixListener)
