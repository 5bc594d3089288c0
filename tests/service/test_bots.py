"""Bots as parts: which are made, and that each listens in exactly one of the services that share a store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from headgate.bots.chat import Answer, Converse, Incoming, Listener, Memory
from headgate.config.chat import BotSettings, ChatSettings
from headgate.config.connector import ConnectorSettings
from headgate.config.local import LocalSettings
from headgate.connectors.kind import ConnectorKind
from headgate.notify.addresses import Addressing
from headgate.service import bots, role_keeper
from headgate.service.bots import bot_parts, has_bot
from headgate.service.role_keeper import RoleKeeper
from headgate.service.supervisor import Part
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.postgresql import PostgresServer

ON = BotSettings(enabled=True)


class Slurm:
    async def cluster_name(self) -> str:
        return "c"

    async def cancel(self, job: str, owner: str) -> str | None:
        raise AssertionError((job, owner))


class Room:
    """A service with people in it: whoever listens is asked for help once."""

    def __init__(self) -> None:
        self.listening: list[str] = []
        self.heard: list[tuple[str, Answer | None]] = []
        self.remembered: list[str | None] = []

    def listen(self, name: str, settings: ConnectorSettings, memory: Memory) -> Listener:
        assert isinstance(settings, ChatSettings)
        return _Listens(self, name, memory)


class _Listens:
    def __init__(self, room: Room, name: str, memory: Memory) -> None:
        self._room, self._name, self._memory = room, name, memory

    async def run(self, converse: Converse) -> None:
        room = self._room
        room.listening.append(self._name)
        try:
            room.remembered.append(await self._memory.recall())
            await self._memory.keep("here")
            answer = await converse(Incoming("U1", "n", "D1", private=True, text="help"))
            room.heard.append((self._name, answer))
            await asyncio.Event().wait()
        finally:
            room.listening.remove(self._name)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    made = Room()

    def kind_named(kind: str) -> ConnectorKind[Any]:
        listen = made.listen if kind == "chat" else None
        return ConnectorKind(ChatSettings, lambda *_: pytest.fail("no connector is needed"), listen)

    monkeypatch.setattr(bots, "kind_named", kind_named)
    monkeypatch.setattr(role_keeper, "_EVERY", 0.05)
    return made


@asynccontextmanager
async def running(parts: list[Part]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(part.run()) for part in parts]
    try:
        yield
    finally:
        for part in parts:
            part.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)


async def until(what: Any) -> None:
    async with asyncio.timeout(30):
        while not what():
            await asyncio.sleep(0.01)


async def test_a_part_is_made_for_every_bot_that_is_switched_on(store: Store, room: Room) -> None:
    connectors = {
        "mine": ChatSettings(kind="chat", bot=ON),
        "off": ChatSettings(kind="chat"),
        "mute": ChatSettings(kind="deaf", bot=ON),
        "mail": ConnectorSettings(kind="mailto"),
    }
    with capture_logs() as logs:
        parts = bot_parts(store, connectors, LocalSettings(), Slurm(), keeper=RoleKeeper(store))
    assert [part.name for part in parts] == ["bot mine"]
    assert logs == [{"event": "bot.not_offered", "log_level": "warning", "connector": "mute", "kind": "deaf"}]
    assert [name for name, own in connectors.items() if has_bot(own)] == ["mine"]
    assert room.listening == []


async def test_a_bot_listens_answers_and_remembers(store: Store, room: Room) -> None:
    connectors = {"one": ChatSettings(kind="chat", bot=ON), "two": ChatSettings(kind="chat", bot=ON)}
    addressing = {"two": Addressing(linked_only=True)}
    for heard in (2, 4):
        async with running(
            bot_parts(store, connectors, LocalSettings(), Slurm(), addressing, keeper=RoleKeeper(store))
        ):
            await until(lambda heard=heard: len(room.heard) == heard)
        assert room.listening == []
    codes = {name: answer.code for name, answer in room.heard if answer is not None}
    assert codes == {"one": "--mail-user=one:D1", "two": "--mail-user=two"}
    assert room.remembered == [None, None, "here", "here"]


@pytest.mark.postgresql
async def test_of_two_services_one_listens_and_the_other_takes_over(postgres: PostgresServer, room: Room) -> None:
    url = postgres.new_database()
    stores = [Store(url, pool=3) for _ in range(2)]
    await asyncio.to_thread(migrate, stores[0])
    connectors = {"mine": ChatSettings(kind="chat", bot=ON)}
    parts = [bot_parts(store, connectors, LocalSettings(), Slurm(), keeper=RoleKeeper(store))[0] for store in stores]
    try:
        async with running(parts[1:]):
            await until(lambda: room.heard)
            async with running(parts[:1]):
                await asyncio.sleep(0.5)
                assert room.listening == ["mine"]
                assert len(room.heard) == 1
                parts[1].stop()
                await until(lambda: len(room.heard) == 2)
                assert room.listening == ["mine"]
    finally:
        for store in stores:
            await asyncio.to_thread(store.close)
