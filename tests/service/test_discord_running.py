"""Discord's bot as a part of the service: discord.py, the keeper, the conversation and the store together.

In this process, since discord.py has the addresses of Discord in its code and no setting leads it elsewhere.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket

from headgate.bots import keeper
from headgate.bots.keeper import KeeperSettings
from headgate.config.local import LocalSettings
from headgate.connectors.discord.settings import DiscordSettings
from headgate.events.sources.stored_jobs import stored_job
from headgate.service.bots import bot_parts
from headgate.service.role_keeper import RoleKeeper
from headgate.store import audit, jobs, links, people
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from headgate.testing.discord.gateway import FakeGateway, private_message
from headgate.testing.discord.server import BOT, CHANNEL, PERSON, TOKEN, FakeDiscord
from tests.bots.site import Slurm, known

STRANGER = "1050000000000000201"
PRIVATE = {PERSON: "1050000000000000777", STRANGER: "1050000000000000778"}
COMMANDS = ("jobs", "job", "output", "cancel", "mute")


@dataclass
class Played:
    """A whole Discord, and the service's part that listens in it."""

    api: FakeDiscord
    gateway: FakeGateway
    store: Store
    slurm: Slurm = field(default_factory=Slurm)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Run the part."""
        own = DiscordSettings.model_validate({"token": TOKEN, "bot": {"enabled": True, "commands": COMMANDS}})
        (part,) = bot_parts(
            self.store,
            {"discord": own},
            LocalSettings(commands_per_minute=1000),
            self.slurm,
            keeper=RoleKeeper(self.store),
        )
        running = asyncio.ensure_future(part.run())
        try:
            async with asyncio.timeout(30):
                await self.gateway.ready.wait()
            yield
        finally:
            part.stop()
            await asyncio.wait_for(running, 30)

    async def write(self, person: str, text: str, *, among: bool = False) -> None:
        """Have somebody write to the bot, or among others."""
        channel = CHANNEL if among else PRIVATE[person]
        said = private_message(text, channel=channel, author=person, number=next(self.numbers))
        where = {"guild_id": "1050000000000000900", "channel_type": 0, "member": {"roles": []}} if among else {}
        mentions = [{"id": BOT, "username": "headgate", "discriminator": "0", "avatar": None, "bot": True}]
        called = {"mentions": mentions} if BOT in text else {}
        await self.gateway.dispatch("MESSAGE_CREATE", said | where | called)

    def heard(self, channel: str) -> list[dict[str, Any]]:
        """Return what was said in a channel."""
        return [taken.payload for taken in self.api.messages if taken.channel == channel]

    async def hears(self, channel: str, number: int) -> dict[str, Any]:
        """Return message ``number`` there (from 1), once it is there."""
        async with asyncio.timeout(30):
            while len(heard := self.heard(channel)) < number:
                await asyncio.sleep(0.01)
        return heard[number - 1]

    async def ask(self, person: str, text: str) -> str:
        """Write to the bot, and return the answer."""
        number = len(self.heard(PRIVATE[person])) + 1
        await self.write(person, text)
        said: str = (await self.hears(PRIVATE[person], number))["content"]
        return said.replace("\\", "")

    async def code(self) -> str:
        """Return a code as the command line gives it."""
        code = await self.store.write(lambda c: links.issue(c, "ada", "discord", now=time.time(), lifetime=600))
        return f"link {code}"


@pytest.fixture
async def played(monkeypatch: pytest.MonkeyPatch, store: Store) -> AsyncIterator[Played]:
    async with FakeDiscord() as api, FakeGateway() as gateway:
        api.people |= set(PRIVATE)
        api.channels |= set(PRIVATE.values())
        api.private |= PRIVATE
        monkeypatch.setattr(discord.http.Route, "BASE", f"{api.url}/v10")
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(gateway.url))
        jobs_there = [stored_job(known(7, "ada")), stored_job(known(8, "bob"))]
        await store.write(lambda c: jobs.keep(c, jobs_there, time.time()))
        yield Played(api, gateway, store)


async def test_from_a_stranger_to_who_cancels_their_own_job(played: Played) -> None:
    async with played.listening():
        assert f"--mail-user=discord:{PRIVATE[PERSON]}\n" in await played.ask(PERSON, "help")
        assert "I do not know your account" in await played.ask(PERSON, "job 7")
        say = await played.code()
        assert "linked to the account ada now" in await played.ask(PERSON, say)
        assert "This code is not good" in await played.ask(STRANGER, say)
        assert "RUNNING" in await played.ask(PERSON, "jobs")
        assert "Job 7 is RUNNING." in await played.ask(PERSON, "job 7")
        assert "I know of no job 8 of yours." in await played.ask(PERSON, "job 8")
        asked = await played.ask(PERSON, "cancel 7")
        (row,) = played.heard(PRIVATE[PERSON])[-1]["components"]
        assert played.slurm.cancelled == []
        (button,) = row["components"]
        assert button["custom_id"] in asked
        assert "Slurm is ending job 7." in await played.ask(PERSON, button["custom_id"])
        assert played.slurm.cancelled == [("7", "ada")]
        assert "Muted until" in await played.ask(PERSON, "mute 2h")
    preferred = await played.store.read(lambda c: people.preferences_of(c, ["ada"]))
    assert preferred["ada"].muted_until is not None
    entries = await played.store.read(lambda c: audit.find(c, AuditFilter(via="bot discord"), limit=100))
    assert [one.action for one in entries] == [
        *("help", "job", "link", "link", "jobs", "job", "job", "cancel", "cancel", "cancel", "mute")
    ]
    assert not [one for one in entries if say.removeprefix("link ") in f"{one.subject} {one.detail}"]


async def test_among_others_it_is_silent_unless_addressed_and_then_answers_in_private(played: Played) -> None:
    async with played.listening():
        await played.ask(PERSON, await played.code())
        for text in ("jobs", "job 7", "help"):
            await played.write(PERSON, text, among=True)
            await played.write(STRANGER, text, among=True)
        await played.write(PERSON, f"<@{BOT}> jobs", among=True)
        assert "Say that to me in private." in (await played.hears(PRIVATE[PERSON], 2))["content"]
        await played.write(STRANGER, f"<@{BOT}> help", among=True)
        assert f"discord:{PRIVATE[STRANGER]}" in (await played.hears(PRIVATE[STRANGER], 1))["content"]
        say = await played.code()
        await played.write(PERSON, f"<@{BOT}> {say}", among=True)
        assert "Others could read this code" in (await played.hears(PRIVATE[PERSON], 3))["content"]
        assert "This code is not good" in await played.ask(STRANGER, say)
    assert played.heard(CHANNEL) == []


async def test_a_lost_gateway_is_found_again_and_links_hold(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "KeeperSettings", lambda: KeeperSettings(first=0.05))
    async with played.listening():
        await played.ask(PERSON, await played.code())
        await played.gateway.close(4009)
        async with asyncio.timeout(30):
            await played.gateway.ready.wait()
        assert "Job 7 is RUNNING." in await played.ask(PERSON, "job 7")
    played.gateway.ready.clear()
    async with played.listening():
        assert "Job 7 is RUNNING." in await played.ask(PERSON, "job 7")
    assert len(played.heard(PRIVATE[PERSON])) == 3
