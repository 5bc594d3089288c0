"""The connector and its line, against a played broker: what many messages at once do to each other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.connectors.rabbitmq.connector import RabbitConnector
from headgate.connectors.rabbitmq.settings import RabbitSettings
from headgate.connectors.samples import FAILED
from headgate.errors import ConnectorError, RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, GiveUp, Outcome, Scope, TryAgain
from headgate.testing.conformance.hostile import crowded_message
from headgate.testing.conformance.observers import Commits
from headgate.testing.rabbitmq.behaviour import CloseChannel, CloseConnection, Hang, Ignore, Nack, Raw
from headgate.testing.rabbitmq.played import PlayedBroker

PASSWORD = "a-password-for-the-played-one"
DESTINATIONS = {
    "ops": {"queue": "jobs"},
    "new": {"queue": "made-by-us", "declare": True},
    "gone": {"queue": "no-such-queue"},
    "nowhere": {"exchange": "no-such-exchange", "routing_key": "x"},
}


@pytest.fixture
async def broker() -> AsyncIterator[PlayedBroker]:
    async with PlayedBroker(user="headgate", password=PASSWORD, queues={"jobs"}) as running:
        yield running


@contextlib.asynccontextmanager
async def connected(url: str, **settings: object) -> AsyncIterator[RabbitConnector]:
    given = {"timeout": 1, "url": url, "destinations": DESTINATIONS, **settings}
    made = RabbitConnector("rabbit", RabbitSettings.model_validate(given))
    try:
        yield made
    finally:
        await made.aclose()


async def send(connector: RabbitConnector, key: str, target: str = "ops", commit: Commits | None = None) -> Outcome:
    return await connector.send(Envelope(target, FAILED, key), commit or Commits())


async def test_messages_at_the_same_time_share_one_connection(broker: PlayedBroker) -> None:
    async with connected(broker.url) as connector:
        outcomes = await asyncio.gather(*(send(connector, f"key-{number}") for number in range(20)))
    assert set(outcomes) == {Delivered()}
    assert broker.logins == 1


async def test_a_mistake_in_one_message_does_nothing_to_those_beside_it(broker: PlayedBroker) -> None:
    async with connected(broker.url) as connector:
        targets = ["ops", "nowhere", "ops", "gone", "new", "ops"]
        sends = (send(connector, f"key-{number}", target) for number, target in enumerate(targets))
        outcomes = await asyncio.gather(*sends)
        assert [type(outcome) for outcome in outcomes] == [Delivered, GiveUp, Delivered, GiveUp, Delivered, Delivered]
        assert isinstance(await send(connector, "after"), Delivered)
    assert broker.logins == 1
    assert "made-by-us" in broker.queues


@pytest.mark.parametrize("trouble", [Nack(), CloseChannel(406, "PRECONDITION_FAILED")], ids=["nack", "channel"])
async def test_a_refused_message_leaves_the_connection_standing(
    broker: PlayedBroker, trouble: Nack | CloseChannel
) -> None:
    async with connected(broker.url) as connector:
        broker.script(trouble)
        assert not isinstance(await send(connector, "refused"), Delivered)
        assert isinstance(await send(connector, "after"), Delivered)
    assert broker.logins == 1


async def test_after_a_silence_the_next_message_takes_a_new_connection(broker: PlayedBroker) -> None:
    async with connected(broker.url, timeout=1) as connector:
        broker.script(Hang())
        outcome = await send(connector, "unanswered")
        assert isinstance(outcome, TryAgain)
        assert (outcome.reason, outcome.scope) == (Reason.TIMEOUT, Scope.RECIPIENT)
        assert isinstance(await send(connector, "after"), Delivered)
    assert broker.logins == 2


async def test_a_message_that_is_never_confirmed_breaks_off_no_other_that_is_under_way(broker: PlayedBroker) -> None:
    commit = Commits()
    commit.open.clear()
    async with connected(broker.url, timeout=1) as connector:
        under_way = asyncio.create_task(send(connector, "under way", commit=commit))
        await commit.reached.wait()
        broker.script(Ignore())
        assert isinstance(await send(connector, "ignored"), TryAgain)
        commit.open.set()
        assert isinstance(await under_way, Delivered)
        assert broker.logins == 1
        assert isinstance(await send(connector, "after"), Delivered)
    assert broker.logins == 2


async def test_a_peer_that_takes_nothing_any_more_holds_up_neither_messages_nor_the_end(broker: PlayedBroker) -> None:
    before = asyncio.all_tasks()
    async with connected(broker.url, timeout=0.5) as connector:
        broker.script(Hang())
        large = (connector.send(Envelope("ops", crowded_message(), f"key-{number}"), Commits()) for number in range(6))
        outcomes = await asyncio.gather(*large)
        assert [outcome.reason for outcome in outcomes if isinstance(outcome, TryAgain)] == [Reason.TIMEOUT] * 6
    await broker.stop()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


async def test_a_shutdown_of_the_broker_concerns_all_its_targets(broker: PlayedBroker) -> None:
    async with connected(broker.url) as connector:
        broker.script(CloseConnection(320, "CONNECTION_FORCED - broker forced connection closure"))
        outcome = await send(connector, "key-1")
        assert isinstance(outcome, TryAgain)
        assert (outcome.reason, outcome.scope) == (Reason.SERVICE_ERROR, Scope.CONNECTOR)
        assert "CONNECTION_FORCED" in outcome.detail


async def test_a_refused_login_concerns_all_targets_and_is_tried_again(broker: PlayedBroker) -> None:
    broker.refuse_logins(True)
    async with connected(broker.url) as connector:
        outcome = await send(connector, "key-1")
        assert isinstance(outcome, TryAgain)
        assert (outcome.reason, outcome.scope) == (Reason.NOT_AUTHORISED, Scope.CONNECTOR)
        broker.refuse_logins(False)
        assert isinstance(await send(connector, "key-1"), Delivered)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * 64,
        b"\x01\x00\x01\x00\x00\x00\x04\x00\x3c\x00\x50X",
        b"\x01\x00\x01\x00\x00\x00\x02\xff\xff\xce",
        b"\xce" * 300,
    ],
    ids=["zeros", "no end mark", "no method", "noise"],
)
async def test_a_frame_that_is_none_is_a_bad_answer(broker: PlayedBroker, data: bytes) -> None:
    async with connected(broker.url) as connector:
        broker.script(Raw(data))
        outcome = await send(connector, "key-1")
        assert isinstance(outcome, TryAgain)
        assert outcome.reason is Reason.BAD_ANSWER, outcome
        assert isinstance(await send(connector, "key-1"), Delivered)


async def test_all_who_wait_for_a_connection_wait_for_the_same_and_not_in_turn() -> None:
    reached = 0

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal reached
        reached += 1
        with contextlib.suppress(OSError):
            while await reader.read(1024):
                pass
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"amqp://u:p@127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with connected(url, timeout=0.5) as connector:
        outcomes = await asyncio.gather(*(send(connector, f"key-{number}") for number in range(12)))
    server.close()
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, TryAgain)} == {Reason.TIMEOUT}
    assert len([outcome for outcome in outcomes if isinstance(outcome, TryAgain)]) == 12
    assert reached == 1


@pytest.mark.parametrize("trouble", [None, Hang(), Nack()], ids=["well", "silence", "nack"])
async def test_nothing_runs_on_once_it_is_closed(broker: PlayedBroker, trouble: Hang | Nack | None) -> None:
    before = asyncio.all_tasks()
    async with connected(broker.url, timeout=1) as connector:
        broker.script(trouble)
        await send(connector, "key-1")
    await broker.stop()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


async def test_closing_while_it_connects_ends_the_connecting(broker: PlayedBroker) -> None:
    before = asyncio.all_tasks()
    async with connected(broker.url) as connector:
        sending = asyncio.create_task(send(connector, "key-1"))
        await asyncio.sleep(0)
        sending.cancel()
        await asyncio.wait([sending])
    await broker.stop()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


def test_authorities_that_are_not_there_are_a_mistake(tmp_path: Path) -> None:
    given = {"url": "amqps://u:p@h/", "destinations": DESTINATIONS, "ca_file": tmp_path / "missing"}
    with pytest.raises(ConnectorError):
        RabbitConnector("rabbit", RabbitSettings.model_validate(given))


@pytest.mark.parametrize("target", ["jobs", "OPS", "ops ", "ops:x", "no-such-queue"])
async def test_a_target_is_a_destinations_name_and_never_a_queue(target: str) -> None:
    async with connected("amqp://u:p@127.0.0.1:1/") as connector:
        with pytest.raises(RecipientError):
            connector.check_target(target)
