"""Chat services with people in them, all to be used in the same way: what somebody says, and what they read."""

from __future__ import annotations

import asyncio
import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 60.0
"""Seconds after which something has not happened; nothing is timed by it."""
COMMANDS = ["jobs", "job", "output", "cancel", "mute"]
_INVISIBLE = str.maketrans("", "", "\u2060\u200b\\")
_YES = re.compile(r"cancel \d+ yes [a-z0-9]{4}")


@dataclass(frozen=True, slots=True)
class Said:
    """What the bot said. ``text``: as people read it, its lines unbroken; ``buttons``: what pressing them says."""

    text: str
    lines: tuple[str, ...]
    """Exactly as the service was given them, so that a line can be copied."""
    buttons: tuple[str, ...] = ()
    link: Any = None
    """What a button is pressed with, where the service needs it."""

    @property
    def yes(self) -> str:
        """What confirms the question."""
        command: str
        (command,) = {*_YES.findall(self.text), *filter(_YES.fullmatch, self.buttons)}
        return command


def read(text: str, buttons: Sequence[str] = (), link: Any = None) -> Said:
    """Return what the bot said, from the text it sent."""
    return Said(text.translate(_INVISIBLE), tuple(text.splitlines()), tuple(buttons), link)


class Chat(ABC):
    """A service with a bot. ``name``: the connector's, which is also its kind."""

    name: str

    @abstractmethod
    def table(self) -> dict[str, Any]:
        """Return the connector's table in the configuration."""

    @abstractmethod
    async def arrives(self) -> Someone:
        """Return somebody new, who can write to the bot in private."""

    @abstractmethod
    async def cut(self) -> None:
        """Break the connections with the service, and refuse new ones."""

    @abstractmethod
    async def mend(self) -> None:
        """Accept connections again."""

    async def listens(self) -> None:
        """Wait until what is said now is heard, where what is said to a bot that is away is lost."""
        await asyncio.sleep(0)


class Someone(ABC):
    """Somebody in a chat service, alone with the bot and in a group with it."""

    place: str
    """The target of their private place with the bot."""
    group: str
    """The target of the group."""

    @abstractmethod
    async def write(self, text: str) -> None:
        """Write to the bot in private."""

    @abstractmethod
    async def press(self, said: Said, command: str) -> None:
        """Press a button; where there are none, write what it would say."""

    @abstractmethod
    async def write_among(self, text: str, *, addressed: bool) -> None:
        """Write in the group; ``addressed``: with the bot's name in front."""

    @abstractmethod
    async def heard(self) -> list[Said]:
        """Return what the bot said in private so far."""

    @abstractmethod
    async def heard_among(self) -> list[Said]:
        """Return what the bot said in the group so far, to all or to somebody alone."""

    async def hears(self, number: int) -> Said:
        """Return message ``number`` of the bot's (from 1), once it is there."""
        async with asyncio.timeout(PATIENCE):
            while len(heard := await self.heard()) < number:
                await asyncio.sleep(0.02)
        return heard[number - 1]

    async def hears_among(self, number: int) -> Said:
        """Return message ``number`` in the group, once it is there."""
        async with asyncio.timeout(PATIENCE):
            while len(heard := await self.heard_among()) < number:
                await asyncio.sleep(0.02)
        return heard[number - 1]

    async def ask(self, text: str) -> Said:
        """Write to the bot, and return its answer."""
        number = len(await self.heard()) + 1
        await self.write(text)
        return await self.hears(number)

    async def answers(self, said: Said, command: str) -> Said:
        """Press a button, and return the answer."""
        number = len(await self.heard()) + 1
        await self.press(said, command)
        return await self.hears(number)

    def receiver(self, name: str) -> str:
        """Return the line that has messages sent to their private place."""
        return f"--mail-user={shlex.quote(f'{name}:{self.place}')}"


def port_of(url: str) -> int:
    """Return the port in an address."""
    port = urlsplit(url).port
    assert port is not None
    return port
