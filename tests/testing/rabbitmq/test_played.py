"""The played broker refuses what a broker refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aio_pika
import pytest
from aio_pika.exceptions import ChannelClosed, DeliveryError, ProbableAuthenticationError

from headgate.testing.rabbitmq.behaviour import Nack
from headgate.testing.rabbitmq.played import PlayedBroker


@pytest.fixture
async def broker() -> AsyncIterator[PlayedBroker]:
    async with PlayedBroker(user="ada", password="made-up", queues={"jobs"}) as running:
        yield running


async def publish(broker: PlayedBroker, *, key: str = "jobs", exchange: str = "") -> None:
    async with await aio_pika.connect(broker.url) as connection:
        channel = await connection.channel(on_return_raises=True)
        place = await channel.get_exchange(exchange, ensure=False)
        await place.publish(aio_pika.Message(b"x" * 300_000, message_id="m"), key, mandatory=True, timeout=5)


async def test_a_message_of_several_frames_is_kept_whole(broker: PlayedBroker) -> None:
    await publish(broker)
    [taken] = broker.taken
    assert (taken.routing_key, taken.mandatory, taken.properties.message_id) == ("jobs", True, "m")
    assert taken.body == b"x" * 300_000


async def test_a_message_to_no_queue_is_returned(broker: PlayedBroker) -> None:
    with pytest.raises(DeliveryError):
        await publish(broker, key="no-such-queue")
    assert broker.taken == []


async def test_an_exchange_that_is_not_there_closes_the_channel(broker: PlayedBroker) -> None:
    with pytest.raises(ChannelClosed):
        await publish(broker, exchange="no-such-exchange")


async def test_a_wrong_password_is_refused(broker: PlayedBroker) -> None:
    with pytest.raises(ProbableAuthenticationError):
        await aio_pika.connect(broker.url.replace("made-up", "another"))
    assert broker.logins == 0


async def test_a_script_is_played_once(broker: PlayedBroker) -> None:
    broker.script(Nack())
    with pytest.raises(DeliveryError):
        await publish(broker)
    await publish(broker)
    assert len(broker.taken) == 1


@pytest.mark.parametrize("words", [b"GET / HTTP/1.1\r\n\r\n", b"AMQP\x03\x01\x00\x00"], ids=["http", "amqp 1.0"])
async def test_another_protocol_is_answered_with_the_one_that_is_spoken(broker: PlayedBroker, words: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(broker.url.rsplit(":", 1)[1].strip("/")))
    writer.write(words)
    assert await asyncio.wait_for(reader.readexactly(8), 5) == b"AMQP\x00\x00\x09\x01"
    writer.close()
