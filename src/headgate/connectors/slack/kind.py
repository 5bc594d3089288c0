"""The kind ``slack``, as the registry knows it."""

from __future__ import annotations

from headgate.connectors.kind import ConnectorKind
from headgate.connectors.slack.connector import SlackConnector
from headgate.connectors.slack.listener import SlackListener
from headgate.connectors.slack.settings import SlackSettings

KIND = ConnectorKind(SlackSettings, SlackConnector, listen=SlackListener)
