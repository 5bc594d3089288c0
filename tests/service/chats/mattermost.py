"""The played Mattermost, and people in it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from headgate.testing.mattermost import Channel, FakeMattermost, User
from tests.service.chats.chat import COMMANDS, PATIENCE, Chat, Said, Someone, port_of, read
from tests.service.wire import Wire


class Mattermost(Chat):
    """The played Mattermost."""

    name = "mattermost"

    def __init__(self, fake: FakeMattermost, wire: Wire) -> None:
        self.fake = fake
        self._wire = wire
        self._numbers = itertools.count(1)
        self._channel = fake.world.add_channel("hpc", "jobs", fake.world.bot)

    def table(self) -> dict[str, Any]:
        bot = {"enabled": True, "commands": COMMANDS}
        return {"kind": "mattermost", "token": self.fake.token, "url": self._wire.url, "bot": bot}

    async def arrives(self) -> MattermostPerson:
        await self.listens()
        user = self.fake.world.add_user(f"person{next(self._numbers)}")
        self._channel.members.add(user.id)
        private = self.fake.world.direct_channel(user, self.fake.world.bot)
        return MattermostPerson(self.fake, user, private, self._channel)

    async def listens(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while not self.fake.connections:
                await asyncio.sleep(0.02)

    async def cut(self) -> None:
        await self._wire.cut()

    async def mend(self) -> None:
        await self._wire.mend()


class MattermostPerson(Someone):
    def __init__(self, fake: FakeMattermost, user: User, private: Channel, group: Channel) -> None:
        self._fake = fake
        self._user = user
        self._private = private
        self._group = group
        self.place = private.id
        self.group = group.id

    async def write(self, text: str) -> None:
        await self._fake.say(self._user, self._private, text)

    async def press(self, said: Said, command: str) -> None:
        assert f"`{command}`" in said.text
        await self.write(command)

    async def write_among(self, text: str, *, addressed: bool) -> None:
        await self._fake.say(self._user, self._group, f"@headgate {text}" if addressed else text)

    async def heard(self) -> list[Said]:
        return self._in(self.place)

    async def heard_among(self) -> list[Said]:
        return self._in(self.group)

    def _in(self, channel: str) -> list[Said]:
        posts = [post for post in self._fake.posts if post["channel_id"] == channel]
        return [read("\n".join([post["message"], *_titles(post)])) for post in posts]


def _titles(post: Mapping[str, Any]) -> list[str]:
    return [one.get("title", "") for one in post["props"].get("attachments", ())]


@asynccontextmanager
async def open_mattermost(kind: type[Mattermost] = Mattermost) -> AsyncIterator[Mattermost]:
    """Play a Mattermost."""
    async with FakeMattermost() as fake, Wire(port_of(fake.url)) as wire:
        yield kind(fake, wire)
