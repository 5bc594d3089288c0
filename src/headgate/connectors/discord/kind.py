"""The kind ``discord``, as the registry knows it."""

from __future__ import annotations

from headgate.connectors.discord.connector import DiscordConnector
from headgate.connectors.discord.listener import listen
from headgate.connectors.discord.settings import DiscordSettings
from headgate.connectors.kind import ConnectorKind

KIND = ConnectorKind(DiscordSettings, DiscordConnector, listen)
