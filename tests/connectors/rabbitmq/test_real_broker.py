"""What a real broker does with our messages: Debian's RabbitMQ."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Mapping

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from pamqp.common import FieldTable

from headgate.connectors.rabbitmq.connector import RabbitConnector
from headgate.connectors.rabbitmq.settings import RabbitSettings
from headgate.connectors.samples import FAILED
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, GiveUp, Outcome, Scope, TryAgain
from headgate.testing.rabbitmq.broker import RabbitBroker
from headgate.testing.smtp.certificate import Certificate
from tests.connectors.rabbitmq.conftest import Channels


async def commit() -> None:
    """Let everything pass."""


@contextlib.asynccontextmanager
async def connected(url: str, destination: Mapping[str, object], **settings: object) -> AsyncIterator[RabbitConnector]:
    given = {"timeout": 10, **settings, "url": url, "destinations": {"ops": destination}}
    made = RabbitConnector("rabbit", RabbitSettings.model_validate(given))
    try:
        yield made
    finally:
        await made.aclose()


async def send(connector: RabbitConnector, key: str = "key-1") -> Outcome:
    return await connector.send(Envelope("ops", FAILED, key), commit)


async def next_of(channels: Channels, queue: str) -> AbstractIncomingMessage | None:
    """Take the next message out of a queue."""
    async with channels() as channel:
        return await (await channel.get_queue(queue)).get(fail=False, no_ack=True)


async def test_a_message_is_in_the_queue_with_all_its_properties(
    broker: RabbitBroker, channels: Channels, queue_name: str
) -> None:
    async with connected(broker.url, {"queue": queue_name, "declare": True}) as connector:
        assert await send(connector, "key-of-this") == Delivered()
    message = await next_of(channels, queue_name)
    assert message is not None
    assert (message.message_id, message.type, message.app_id) == ("key-of-this", "headgate.message", "headgate")
    assert (message.content_type, message.content_encoding) == ("application/json", "utf-8")
    assert message.delivery_mode is aio_pika.DeliveryMode.PERSISTENT
    assert message.timestamp is not None
    assert message.timestamp.timestamp() == FAILED.time
    assert message.headers == {"version": 1, "outcome": "failed"}
    body = json.loads(message.body)
    assert (body["key"], body["recipient"]) == ("key-of-this", "rabbit:ops")
    assert body["message"]["title"] == FAILED.title


async def test_an_exchange_sends_it_to_the_queues_that_are_bound_by_its_routing_key(
    broker: RabbitBroker, channels: Channels, queue_name: str
) -> None:
    async with channels() as channel:
        exchange = await channel.declare_exchange(f"x-{queue_name}", aio_pika.ExchangeType.TOPIC, durable=True)
        for name, pattern in ((queue_name, "jobs.#"), (f"{queue_name}-other", "nodes.#")):
            await (await channel.declare_queue(name, durable=True)).bind(exchange, pattern)
    destination = {"exchange": f"x-{queue_name}", "routing_key": "jobs.ended"}
    async with connected(broker.url, destination) as connector:
        assert await send(connector) == Delivered()
    assert await next_of(channels, queue_name) is not None
    assert await next_of(channels, f"{queue_name}-other") is None


async def test_the_connectors_exchange_serves_destinations_without_one(
    broker: RabbitBroker, channels: Channels, queue_name: str
) -> None:
    async with channels() as channel:
        exchange = await channel.declare_exchange(f"x-{queue_name}", aio_pika.ExchangeType.FANOUT, durable=True)
        await (await channel.declare_queue(queue_name, durable=True)).bind(exchange)
    async with connected(broker.url, {"routing_key": "any"}, exchange=f"x-{queue_name}") as connector:
        assert await send(connector) == Delivered()
    assert await next_of(channels, queue_name) is not None


async def test_a_queue_that_is_not_there_refuses_the_target(broker: RabbitBroker, queue_name: str) -> None:
    async with connected(broker.url, {"queue": queue_name}) as connector:
        outcome = await send(connector)
    assert outcome == GiveUp(Reason.TARGET_REFUSED, "there is no such queue (312 NO_ROUTE)")


async def test_an_exchange_that_is_not_there_refuses_the_target_and_the_next_message_gets_through(
    broker: RabbitBroker, channels: Channels, queue_name: str
) -> None:
    async with channels() as channel:
        await channel.declare_queue(queue_name, durable=True)
    destinations = {"gone": {"exchange": "no-such-exchange", "routing_key": "x"}, "ops": {"queue": queue_name}}
    settings = RabbitSettings.model_validate({"url": broker.url, "destinations": destinations, "timeout": 10})
    connector = RabbitConnector("rabbit", settings)
    try:
        outcome = await connector.send(Envelope("gone", FAILED, "key-1"), commit)
        assert isinstance(outcome, GiveUp)
        assert outcome.reason is Reason.TARGET_REFUSED
        assert "no exchange 'no-such-exchange'" in outcome.detail
        assert await send(connector) == Delivered()
    finally:
        await connector.aclose()


async def test_an_exchange_nobody_is_bound_to_is_asked_again_later(
    broker: RabbitBroker, channels: Channels, queue_name: str
) -> None:
    async with channels() as channel:
        exchange = await channel.declare_exchange(f"x-{queue_name}", aio_pika.ExchangeType.DIRECT, durable=True)
        async with connected(broker.url, {"exchange": exchange.name, "routing_key": "jobs"}) as connector:
            outcome = await send(connector)
            assert isinstance(outcome, TryAgain)
            assert (outcome.reason, outcome.scope) == (Reason.TARGET_REFUSED, Scope.RECIPIENT)
            await (await channel.declare_queue(queue_name, durable=True)).bind(exchange, "jobs")
            assert await send(connector) == Delivered()


async def test_a_wrong_password_holds_the_whole_connector_back(broker: RabbitBroker) -> None:
    wrong = broker.url.replace(broker.password, "not-the-password")
    async with connected(wrong, {"queue": "any"}) as connector:
        outcome = await send(connector)
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (Reason.NOT_AUTHORISED, Scope.CONNECTOR)
    assert "ACCESS_REFUSED" in outcome.detail
    assert "not-the-password" not in outcome.detail


async def test_a_virtual_host_that_is_not_there_holds_the_whole_connector_back(broker: RabbitBroker) -> None:
    async with connected(f"{broker.url}nowhere", {"queue": "any"}) as connector:
        outcome = await send(connector)
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (Reason.NOT_AUTHORISED, Scope.CONNECTOR)
    assert "virtual host" in outcome.detail


async def test_a_user_who_may_only_write_to_the_default_exchange_reaches_queues_and_nothing_else(
    broker: RabbitBroker, channels: Channels, queue_name: str
) -> None:
    async with channels() as channel:
        await channel.declare_queue(queue_name, durable=True)
        await channel.declare_exchange(f"x-{queue_name}", aio_pika.ExchangeType.FANOUT, durable=True)
    await asyncio.to_thread(broker.control, "add_user", queue_name, "made-up")
    await asyncio.to_thread(broker.control, "set_permissions", queue_name, "", r"^(amq\.default)$", "")
    url = f"amqp://{queue_name}:made-up@127.0.0.1:{broker.port}/"
    for declare in (False, True):
        async with connected(url, {"queue": queue_name, "declare": declare}) as connector:
            assert await send(connector) == Delivered()
    for refused in (
        {"queue": f"{queue_name}-new", "declare": True},
        {"exchange": f"x-{queue_name}", "routing_key": "x"},
    ):
        async with connected(url, refused) as connector:
            outcome = await send(connector)
        assert isinstance(outcome, TryAgain)
        assert (outcome.reason, outcome.scope) == (Reason.NOT_AUTHORISED, Scope.RECIPIENT)
        assert "ACCESS_REFUSED" in outcome.detail


async def test_a_full_queue_that_refuses_is_asked_again_later(
    broker: RabbitBroker, channels: Channels, queue_name: str
) -> None:
    full: FieldTable = {"x-max-length": 1, "x-overflow": "reject-publish"}
    async with channels() as channel:
        await channel.declare_queue(queue_name, durable=True, arguments=full)
    async with connected(broker.url, {"queue": queue_name}) as connector:
        assert await send(connector, "key-1") == Delivered()
        outcome = await send(connector, "key-2")
        assert isinstance(outcome, TryAgain)
        assert outcome.reason is Reason.SERVICE_ERROR
        assert await next_of(channels, queue_name) is not None
        assert await send(connector, "key-2") == Delivered()


async def test_a_queue_that_is_there_is_used_as_it_is(
    broker: RabbitBroker, channels: Channels, queue_name: str
) -> None:
    async with channels() as channel:
        await channel.declare_queue(queue_name, durable=True, arguments={"x-queue-type": "quorum"})
    async with connected(broker.url, {"queue": queue_name, "declare": True}) as connector:
        assert await send(connector) == Delivered()


async def test_many_messages_at_once_all_arrive(broker: RabbitBroker, channels: Channels, queue_name: str) -> None:
    async with connected(broker.url, {"queue": queue_name, "declare": True}) as connector:
        outcomes = await asyncio.gather(*(send(connector, f"key-{number}") for number in range(100)))
    assert set(outcomes) == {Delivered()}
    async with channels() as channel:
        queue = await channel.get_queue(queue_name)
        keys = {(await queue.get(no_ack=True)).message_id for _ in range(100)}
    assert keys == {f"key-{number}" for number in range(100)}


async def test_tls_is_checked_by_the_given_authorities(
    broker: RabbitBroker, certificate: Certificate, queue_name: str
) -> None:
    destination = {"queue": queue_name, "declare": True}
    async with connected(broker.tls_url, destination, ca_file=certificate.certificate) as connector:
        assert await send(connector) == Delivered()
    async with connected(broker.tls_url, destination) as connector:
        outcome = await send(connector)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.UNREACHABLE
    assert "certificate verify failed" in outcome.detail


async def test_a_broker_in_alarm_takes_nothing_until_the_alarm_is_over(broker: RabbitBroker, queue_name: str) -> None:
    async with connected(broker.url, {"queue": queue_name, "declare": True}, timeout=2) as connector:
        assert await send(connector, "before") == Delivered()
        await asyncio.to_thread(broker.control, "set_vm_memory_high_watermark", "absolute", "1MB")
        try:
            outcome = await send(connector, "in alarm")
            assert isinstance(outcome, TryAgain)
            assert outcome.reason is Reason.TIMEOUT
        finally:
            await asyncio.to_thread(broker.control, "set_vm_memory_high_watermark", "0.4")
        assert await send(connector, "after") == Delivered()


async def test_what_was_delivered_outlives_a_crash_of_the_broker_and_the_connector_finds_it_again(
    broker: RabbitBroker, channels: Channels, queue_name: str
) -> None:
    async with connected(broker.url, {"queue": queue_name, "declare": True}) as connector:
        assert await send(connector, "before") == Delivered()
        await asyncio.to_thread(broker.stop, signal.SIGKILL)
        outcome = await send(connector, "while down")
        assert isinstance(outcome, TryAgain)
        assert (outcome.reason, outcome.scope) == (Reason.UNREACHABLE, Scope.CONNECTOR)
        await asyncio.to_thread(broker.start)
        assert await send(connector, "after") == Delivered()
    for key in ("before", "after"):
        message = await next_of(channels, queue_name)
        assert message is not None
        assert message.message_id == key
