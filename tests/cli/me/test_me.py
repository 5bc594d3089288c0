"""``headgate me`` as users of this machine run it: in processes of theirs, against a socket that is served here."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from headgate.model.event import Event, EventKind, Source
from headgate.model.message import Message, Outcome
from headgate.model.person import Link
from headgate.store import deliveries, journal, links
from headgate.store.deliveries import NewDelivery
from headgate.store.links import GuessLimits
from headgate.store.store import Store
from tests.cli.stored import HOSTILE, STEERING
from tests.web.local.serving import Local, run_as, serving


class Person:
    """A user of this machine, at the command line."""

    def __init__(self, local: Local, name: str = "daemon") -> None:
        self.local = local
        self.name = name

    async def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``headgate me``."""
        argv = [sys.executable, "-m", "headgate.cli.main", "me", *words]
        return await asyncio.to_thread(run_as, self.name, argv, HEADGATE_SOCKET=str(self.local.path))

    async def text(self, *words: str) -> str:
        """Return what it answers; it must succeed, and steer no terminal."""
        done = await self.run(*words)
        assert (done.returncode, done.stderr) == (0, "")
        assert not [mark for mark in STEERING if mark in done.stdout]
        return done.stdout

    async def json(self, *words: str) -> Any:
        """Return what it answers to programs."""
        return json.loads(await self.text(*words, "--json"))

    async def complaint(self, *words: str) -> str:
        """Return what it complains of."""
        done = await self.run(*words)
        assert done.returncode == 1
        [line] = done.stderr.splitlines()
        return line

    async def link(self, name: str = "n") -> None:
        """Get a code, and say it in a chat."""
        code = (await self.json("link", "slack"))["code"]
        offered = Link("slack", "U1", "", "D1", name, time.time())
        await self.local.store.write(lambda c: links.redeem(c, offered, code, GuessLimits()))


@pytest.fixture
async def person(store: Store) -> AsyncIterator[Person]:
    async with serving(store) as local:
        yield Person(local)


async def test_me_says_who_i_am_and_what_reaches_me(person: Person) -> None:
    shown = await person.text()
    assert "Account            daemon (uid 1)" in shown
    assert "  mailto: reaches you" in shown
    assert "  slack: daemon has no link to slack: headgate me link slack" in shown


async def test_link_gives_a_code_to_be_said_in_private(person: Person) -> None:
    shown = await person.text("link", "slack")
    assert "Say to the bot in slack, in private:" in shown
    assert "    link " in shown


async def test_link_without_a_bot_says_which_have_one(person: Person) -> None:
    assert "chats can be linked in: matrix, slack" in await person.complaint("link", "nowhere")


async def test_a_link_is_shown_and_untied(person: Person) -> None:
    await person.link()
    assert "  slack: n (U1), to D1, since " in await person.text()
    assert await person.text("unlink", "slack", "U1") == "slack: n is not linked to you any more\n"
    assert await person.complaint("unlink", "slack") == "headgate: you have no such link to 'slack'"


async def test_names_from_chats_steer_no_terminal(person: Person) -> None:
    await person.link(HOSTILE)
    await person.text()
    await person.text("unlink", "slack")


async def test_preferences_are_changed_one_by_one(person: Person) -> None:
    assert await person.text("prefer") == "You are told of everything, at once.\n"
    await person.text("prefer", "--quiet", "22:00-07:30", "--digest", "1h")
    shown = await person.text("prefer", "--only", "failures", "--connector", "mailto", "--mute", "2h")
    assert "quiet from 22:00 to 07:30" in shown
    assert "a digest every 1 h" in shown
    assert "only: failed, mixed, out of memory, requeued, timed out, warning" in shown
    assert "told to mailto" in shown
    assert "muted until" in shown
    everything = ("--quiet", "off", "--digest", "off", "--only", "all", "--connector", "off", "--mute", "off")
    assert await person.text("prefer", *everything) == "You are told of everything, at once.\n"


async def test_a_subscription_begins_and_ends(person: Person) -> None:
    options = ("--failures", "--longer-than", "1h", "--starts", "--partition", "gpu", "--partition", "long")
    shown = await person.text("subscribe", "mailto", *options)
    words = "failures and jobs that ran for 1 h or longer and every start, in gpu, long"
    assert shown == f"Subscription 1: to mailto, {words}\n"
    assert f"  1: to mailto, {words}" in await person.text()
    assert "headgate me link slack" in await person.complaint("subscribe", "slack")
    assert await person.text("unsubscribe", "1") == "Subscription 1 is over\n"
    assert await person.complaint("unsubscribe", "1") == "headgate: you have no subscription 1"


async def test_messages_are_those_about_my_jobs(person: Person) -> None:
    fact = Event("k", EventKind.JOB_ENDED, 1.0, "job 7", Source.WATCHER, cluster="c", job_id=7, user="daemon")
    [number] = (await person.local.store.write(lambda c: journal.append(c, [fact]))).values()
    message = Message(title=f"Failed: {HOSTILE}", outcome=Outcome.FAILED, time=1.0).model_dump_json()
    owed = [NewDelivery(number, "k1", "mailto", "d@example.org", "l", message)]
    await person.local.store.write(lambda c: deliveries.owe(c, owed, 5.0))
    assert "mailto:d@example.org" in await person.text("messages")
    assert [one["state"] for one in await person.json("messages")] == ["ready"]
    assert await Person(person.local, "bin").text("messages") == "No messages about your jobs.\n"


async def test_without_a_service_it_says_what_to_do(person: Person) -> None:
    line = await person.complaint("--socket", "/nowhere/headgate.sock")
    assert line.startswith("headgate: nothing answers on /nowhere/headgate.sock: Headgate is not running on this host")
    assert "HEADGATE_SOCKET" in line


async def test_no_configuration_is_read(person: Person) -> None:
    broken = person.local.path.with_name("headgate.toml")
    broken.write_text("this is no configuration")
    argv = [sys.executable, "-m", "headgate.cli.main", "-c", str(broken), "me", "--json"]
    done = await asyncio.to_thread(run_as, "daemon", argv, HEADGATE_SOCKET=str(person.local.path))
    assert json.loads(done.stdout)["user"] == "daemon"
