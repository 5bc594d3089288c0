"""The played Slack, and people in it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from headgate.testing.slack.server import FakeSlack
from headgate.testing.slack.workspace import APP_TOKEN, BOT_TOKEN, BOT_USER
from tests.service.chats.chat import COMMANDS, Chat, Said, Someone, port_of, read
from tests.service.wire import Wire


class Slack(Chat):
    """The played Slack."""

    name = "slack"

    def __init__(self, fake: FakeSlack, wire: Wire) -> None:
        self.fake = fake
        self._wire = wire
        self._numbers = itertools.count(1)

    def table(self) -> dict[str, Any]:
        bot = {"enabled": True, "app_token": APP_TOKEN, "commands": COMMANDS}
        return {"kind": "slack", "token": BOT_TOKEN, "base_url": f"{self._wire.url}/api", "bot": bot}

    async def arrives(self) -> SlackPerson:
        person = SlackPerson(self.fake, f"U0P{next(self._numbers)}")
        self.fake.workspace.people.add(person.place)
        self.fake.workspace.channels["C0GENERAL"].people.add(person.place)
        return person

    async def cut(self) -> None:
        await self._wire.cut()
        await self.fake.drop()

    async def mend(self) -> None:
        await self._wire.mend()


@dataclass
class SlackPerson(Someone):
    fake: FakeSlack
    place: str
    group: str = "C0GENERAL"

    async def write(self, text: str) -> None:
        await self.fake.say(self.place, text)

    async def press(self, said: Said, command: str) -> None:
        assert command in said.buttons
        await self.fake.press(self.place, command, channel=f"D{self.place[1:]}")

    async def write_among(self, text: str, *, addressed: bool) -> None:
        if addressed:
            await self.fake.say(self.place, f"<@{BOT_USER}> {text}", channel=self.group)
            return
        stamp = f"1795000002.{len(self.fake.acknowledged):06}"
        event = {"channel": self.group, "channel_type": "channel", "ts": stamp}
        await self.fake.push_event(type="message", user=self.place, text=text, **event)

    async def heard(self) -> list[Said]:
        return self._in(f"D{self.place[1:]}")

    async def heard_among(self) -> list[Said]:
        return self._in(self.group)

    def _in(self, channel: str) -> list[Said]:
        posts = [post for post in self.fake.workspace.posts if post.channel == channel]
        return [_of_slack(post.arguments) for post in posts]


def _of_slack(arguments: Mapping[str, Any]) -> Said:
    blocks = [*arguments["blocks"], *(block for one in arguments.get("attachments", ()) for block in one["blocks"])]
    buttons = [one["value"] for block in blocks if block["type"] == "actions" for one in block["elements"]]
    return read("\n".join(_texts(blocks)), buttons)


def _texts(part: object) -> list[str]:
    if isinstance(part, list):
        return [words for inner in part for words in _texts(inner)]
    if isinstance(part, dict):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [words for inner in part.values() if isinstance(inner, dict | list) for words in _texts(inner)]
    return []


@asynccontextmanager
async def open_slack() -> AsyncIterator[Slack]:
    """Play a Slack."""
    async with FakeSlack() as fake, Wire(port_of(fake.base_url)) as wire:
        yield Slack(fake, wire)
