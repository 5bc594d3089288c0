"""A real Synapse, and people on it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from headgate.testing.matrix.person import Person as MatrixPerson
from headgate.testing.matrix.synapse import SERVER_NAME, SynapseServer
from tests.service.chats.chat import COMMANDS, Chat, Said, Someone, port_of, read
from tests.service.wire import Wire


class Matrix(Chat):
    """A real Synapse."""

    name = "matrix"

    def __init__(self, synapse: SynapseServer, wire: Wire) -> None:
        self._synapse = synapse
        self._wire = wire
        self._numbers = itertools.count(1)
        self._bot = f"@headgate:{SERVER_NAME}"
        self._token = synapse.register("headgate")
        self._people: list[MatrixPerson] = []
        self._group = ""

    def table(self) -> dict[str, Any]:
        bot = {"enabled": True, "commands": COMMANDS}
        return {"kind": "matrix", "token": self._token, "homeserver": self._wire.url, "bot": bot}

    async def arrives(self) -> MatrixSomeone:
        name = f"person{next(self._numbers)}"
        token = await asyncio.to_thread(self._synapse.register, name)
        person = MatrixPerson(self._synapse.url, f"@{name}:{SERVER_NAME}", token)
        self._people.append(person)
        if not self._group:
            self._group = await person.make_room(self._bot, public=True)
            await MatrixSomeone(person, self._bot, self._group, self._group).hears(1)
        elif len(self._people) > 1:
            await person.join(self._group)
        someone = MatrixSomeone(person, self._bot, await person.make_room(self._bot, direct=True), self._group)
        greeting = await someone.hears(1)
        assert someone.receiver(self.name) in greeting.lines
        return someone

    async def cut(self) -> None:
        await self._wire.cut()

    async def mend(self) -> None:
        await self._wire.mend()

    async def close(self) -> None:
        """Let everybody go."""
        for person in self._people:
            await person.__aexit__(None, None, None)


@dataclass
class MatrixSomeone(Someone):
    person: MatrixPerson
    bot: str
    place: str
    group: str

    async def write(self, text: str) -> None:
        await self.person.say(self.place, text)

    async def press(self, said: Said, command: str) -> None:
        assert f"Say {command}" in said.text
        await self.write(command)

    async def write_among(self, text: str, *, addressed: bool) -> None:
        await self.person.say(self.group, f"headgate: {text}" if addressed else text)

    async def heard(self) -> list[Said]:
        return await self._in(self.place)

    async def heard_among(self) -> list[Said]:
        return await self._in(self.group)

    async def _in(self, room: str) -> list[Said]:
        return [read(event["content"]["body"]) for event in await self.person.events(room, of=self.bot)]


@asynccontextmanager
async def open_matrix() -> AsyncIterator[Matrix]:
    """Start a Synapse."""
    synapse = SynapseServer()
    synapse.start()  # not in a thread: the kernel ends it with the thread that started it
    try:
        async with Wire(port_of(synapse.url)) as wire:
            matrix = Matrix(synapse, wire)
            yield matrix
            await matrix.close()
    finally:
        await asyncio.to_thread(synapse.close)
