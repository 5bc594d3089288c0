from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiosmtpd.smtp import Envelope

from headgate.model.delivery import DeliveryState, Reason
from headgate.store import deliveries
from headgate.store.deliveries import Delivery, DeliveryFilter
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.postgresql import PostgresServer
from headgate.testing.smtp.behaviour import Behaviour, Hang, KeepThenReset, Reset, Say, Step
from headgate.testing.smtp.sink import SmtpSink
from tests.service.running import RunningHeadgate, mail_only
from tests.store.owed import owe

MESSAGES = 2000
KILLS = 6


async def open_deliveries(store: Store) -> int:
    counts = await store.read(deliveries.counts)
    return sum(count for (_, state), count in counts.items() if state.open)


async def everything(store: Store) -> list[Delivery]:
    return await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=100_000))


def told(sink: SmtpSink) -> Counter[str]:
    """Return delivery key -> how often its mail was taken."""
    return Counter(mail.message["Message-ID"].strip("<>").split("@")[0] for mail in sink.mails)


async def reached(sink: SmtpSink, count: int) -> None:
    async with asyncio.timeout(280):
        while len(sink.mails) < count:
            await asyncio.sleep(0.01)


async def all_told(store: Store) -> None:
    async with asyncio.timeout(280):
        while await open_deliveries(store):
            await asyncio.sleep(0.2)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_killed_at_random_moments_it_loses_nothing_and_doubles_at_most_one_message_a_kill(
    store: Store, tmp_path: Path
) -> None:
    keys = await owe(store, [(f"user{number % 97}", number) for number in range(MESSAGES)])
    kills = 0
    async with SmtpSink() as sink:
        service = RunningHeadgate(tmp_path, mail_only(tmp_path, store.shown_url, sink.port, concurrency=4))
        try:
            while await open_deliveries(store):
                await service.start()
                if kills < KILLS:
                    await reached(sink, min(MESSAGES, len(sink.mails) + random.randint(50, 350)))
                    await asyncio.sleep(random.uniform(0, 0.05))
                    kills += 1
                else:
                    await all_told(store)
                await service.kill()
        finally:
            await service.kill()
    counted = told(sink)
    lost = [key for key in keys if key not in counted]
    doubles = sum(count - 1 for count in counted.values())
    print(f"{MESSAGES} messages, {kills} kills: {len(lost)} lost, {doubles} doubled")  # noqa: T201
    assert kills == KILLS
    assert lost == []
    assert doubles <= kills


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.postgresql
async def test_two_services_share_the_work_on_postgresql_and_either_may_be_killed(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.new_database()
    store = Store(url, pool=3)
    await asyncio.to_thread(migrate, store)
    keys = await owe(store, [(f"user{number % 97}", number) for number in range(800)])
    async with SmtpSink() as sink, AsyncExitStack() as stack:
        tables = mail_only(tmp_path, url, sink.port)
        one, two = (RunningHeadgate(tmp_path, tables, name=name) for name in ("one", "two"))
        await stack.enter_async_context(one)
        await stack.enter_async_context(two)
        await reached(sink, 150)
        await one.kill()
        await reached(sink, 300)
        await one.start()
        await reached(sink, 450)
        await two.kill()
        await all_told(store)
    counted = told(sink)
    await asyncio.to_thread(store.close)
    assert set(counted) == set(keys)
    assert sum(count - 1 for count in counted.values()) <= 2


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_mail_server_that_answers_anything_in_any_mix_loses_nothing(store: Store, tmp_path: Path) -> None:
    keys = await owe(store, [(f"user{number}", number) for number in range(150)])
    refused = {f"user{number}" for number in range(0, 150, 10)}
    chance = random.Random(7)

    def choose(step: Step, envelope: Envelope) -> Behaviour | None:
        if step is Step.DATA and refused.intersection(address.split("@")[0] for address in envelope.rcpt_tos):
            return Say("550 5.1.1 no such user")
        if step in (Step.MAIL, Step.RCPT, Step.DATA, Step.BODY) and chance.random() < 0.08:
            answers: list[Behaviour] = [
                Say("421 4.3.2 shutting down"),
                Say("451 4.7.1 greylisted"),
                Reset(),
                Hang(),
                KeepThenReset() if step is Step.BODY else Reset(),
            ]
            return chance.choice(answers)
        return None

    async with SmtpSink() as sink:
        sink.choose = choose
        tables = mail_only(tmp_path, store.shown_url, sink.port, concurrency=8, timeout=0.5)
        async with RunningHeadgate(tmp_path, tables):
            await all_told(store)
    dead = [item for item in await everything(store) if item.state is DeliveryState.DEAD]
    assert {item.target for item in dead} == refused
    assert {item.reason for item in dead} <= {Reason.TARGET_REFUSED, Reason.MESSAGE_REFUSED}
    counted = told(sink)
    dead_keys = {item.key for item in dead}
    assert [key for key in keys if key not in dead_keys and key not in counted] == []


async def test_a_reader_beside_the_service_never_finds_the_store_locked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/headgate.db"
    store = Store(url)
    await asyncio.to_thread(migrate, store)
    await owe(store, [(f"user{number}", number) for number in range(600)])
    async with SmtpSink() as sink:
        async with RunningHeadgate(tmp_path, mail_only(tmp_path, url, sink.port)) as service:
            for round_ in range(20):
                await owe(store, [(f"more{round_}", 10_000 + round_)])
                await everything(store)
            await all_told(store)
        assert not any("locked" in str(line) for line in service.lines())
    await asyncio.to_thread(store.close)
    with sqlite3.connect(tmp_path / "headgate.db") as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
