"""People who talk to the bot in tests, and a bot that talks back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from headgate.bots.chat import Answer, Incoming
from headgate.connectors.telegram.listener import TelegramListener
from headgate.connectors.telegram.settings import TelegramSettings
from headgate.testing.telegram.chats import Person
from headgate.testing.telegram.server import TelegramServer
from headgate.testing.telegram.telegram import Sent, Telegram

ADA, BEN = Person(1001, "Ada"), Person(1002, "Ben")


class Kept:
    """A memory that lasts as long as the test."""

    def __init__(self, value: str | None = None) -> None:
        self.value = value

    async def recall(self) -> str | None:
        return self.value

    async def keep(self, value: str) -> None:
        self.value = value


class Talk:
    """A conversation that echoes, does as a test wants, and remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []
        self.answers: dict[str, Answer | None] = {}
        self.held = asyncio.Event()
        self.held.set()
        self.most = self.under_way = 0

    async def __call__(self, incoming: Incoming) -> Answer | None:
        self.heard.append(incoming)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if incoming.text == "wait":
                await self.held.wait()
            if incoming.text == "fail":
                raise RuntimeError("text of a person: secret-code-1234")
            return self.answers.get(incoming.text, Answer(f"heard {incoming.text}"))
        finally:
            self.under_way -= 1


def listener(server: TelegramServer, memory: Kept | None = None, **settings: Any) -> TelegramListener:
    given = {"token": server.telegram.token, "base_url": server.url, "bot": {"enabled": True}, **settings}
    return TelegramListener("telegram", TelegramSettings.model_validate(given), memory or Kept())


@contextlib.asynccontextmanager
async def listening(server: TelegramServer, talk: Talk, memory: Kept | None = None) -> AsyncIterator[None]:
    task = asyncio.create_task(listener(server, memory).run(talk))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def sent(telegram: Telegram, number: int = 1) -> list[Sent]:
    await until(lambda: len(telegram.sent) >= number)
    return telegram.sent
