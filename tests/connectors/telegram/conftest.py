"""A played Telegram with some chats, and a conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from headgate.testing.telegram.chats import Chat
from headgate.testing.telegram.server import TelegramServer
from tests.connectors.telegram.talking import ADA, BEN, Talk


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        server.telegram.add(Chat(ADA.id))
        server.telegram.add(Chat(BEN.id, title="Ben"))
        server.telegram.add(Chat(-100200, "supergroup", "Strangers", topics={4}))
        yield server


@pytest.fixture
def talk() -> Talk:
    return Talk()
