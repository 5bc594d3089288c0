"""The kind ``mattermost``, as the registry knows it."""

from __future__ import annotations

from headgate.connectors.kind import ConnectorKind
from headgate.connectors.mattermost.connector import MattermostConnector
from headgate.connectors.mattermost.listener import listen
from headgate.connectors.mattermost.settings import MattermostSettings

KIND = ConnectorKind(MattermostSettings, MattermostConnector, listen)
