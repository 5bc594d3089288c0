"""The played Telegram, and people in it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from headgate.testing.telegram.chats import Chat as TelegramChat
from headgate.testing.telegram.chats import Person as TelegramPerson
from headgate.testing.telegram.server import TelegramServer
from headgate.testing.telegram.telegram import Sent
from tests.service.chats.chat import COMMANDS, PATIENCE, Chat, Said, Someone, port_of, read
from tests.service.wire import Wire


class Telegram(Chat):
    """The played Telegram."""

    name = "telegram"

    def __init__(self, fake: TelegramServer, wire: Wire) -> None:
        self.fake = fake
        self._wire = wire
        self._numbers = itertools.count(1001)
        self._group = fake.telegram.add(TelegramChat(-500, "group", "The group"))

    def table(self) -> dict[str, Any]:
        bot = {"enabled": True, "commands": COMMANDS}
        return {"kind": "telegram", "token": self.fake.telegram.token, "base_url": self._wire.url, "bot": bot}

    async def arrives(self) -> TelegramSomeone:
        person = TelegramPerson(next(self._numbers))
        private = self.fake.telegram.add(TelegramChat(person.id))
        return TelegramSomeone(self.fake, person, private, self._group)

    async def cut(self) -> None:
        await self._wire.cut()

    async def mend(self) -> None:
        await self._wire.mend()


class TelegramSomeone(Someone):
    def __init__(
        self, fake: TelegramServer, person: TelegramPerson, private: TelegramChat, group: TelegramChat
    ) -> None:
        self._fake = fake
        self._person = person
        self._private = private
        self._group = group
        self.place = str(private.id)
        self.group = str(group.id)

    async def write(self, text: str) -> None:
        self._fake.telegram.updates.say(self._private, self._person, text)

    async def press(self, said: Said, command: str) -> None:
        assert command in said.buttons
        query = self._fake.telegram.updates.press(self._person, said.link, command)
        async with asyncio.timeout(PATIENCE):
            while query not in self._fake.telegram.answered:
                await asyncio.sleep(0.02)

    async def write_among(self, text: str, *, addressed: bool) -> None:
        name = self._fake.telegram.username
        self._fake.telegram.updates.say(self._group, self._person, f"@{name} {text}" if addressed else text)

    async def heard(self) -> list[Said]:
        return self._in(self._private)

    async def heard_among(self) -> list[Said]:
        return self._in(self._group)

    def _in(self, chat: TelegramChat) -> list[Said]:
        return [_of_telegram(sent) for sent in self._fake.telegram.sent if sent.chat == chat.id]


def _of_telegram(sent: Sent) -> Said:
    rows = sent.body.get("reply_markup", {}).get("inline_keyboard", ())
    return read(sent.text, [one["callback_data"] for row in rows for one in row], sent.message)


@asynccontextmanager
async def open_telegram() -> AsyncIterator[Telegram]:
    """Play a Telegram."""
    async with TelegramServer() as fake, Wire(port_of(fake.url)) as wire:
        yield Telegram(fake, wire)
