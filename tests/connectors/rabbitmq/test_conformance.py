"""The conformance suite over RabbitMQ, played: ``test_real_broker.py`` has what a real one does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from headgate.testing.conformance.service import Seen, Trouble
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.rabbitmq import behaviour
from headgate.testing.rabbitmq.behaviour import CloseChannel, CloseConnection, Endless, Hang, Nack, Raw, Reset
from headgate.testing.rabbitmq.played import PlayedBroker

PASSWORD = "a-secret/that logs in"
WRITTEN = "a-secret%2Fthat%20logs%20in"
TROUBLES: dict[Trouble, behaviour.Trouble] = {
    Trouble.REFUSE_TARGET: CloseChannel(404, "NOT_FOUND - no exchange 'jobs' in vhost '/'"),
    Trouble.REFUSE_MESSAGE: CloseChannel(
        406, "PRECONDITION_FAILED - message size 9 is larger than configured max size 8"
    ),
    Trouble.REFUSE_FOR_NOW: Nack(),
    Trouble.BREAK_DOWN: CloseConnection(541, "INTERNAL_ERROR"),
    Trouble.REFUSE_CREDENTIALS: CloseChannel(403, "ACCESS_REFUSED - write access to exchange refused"),
    Trouble.SLOW_DOWN: Nack(),  # AMQP has no other word for a full queue
    Trouble.HANG: Hang(),
    Trouble.RESET: Reset(),
    Trouble.GIBBERISH: Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    Trouble.ENDLESS: Endless(),
    Trouble.ECHO_SECRETS: CloseConnection(541, f"INTERNAL_ERROR {PASSWORD} {WRITTEN}"),
}


class PlayedQueue:
    """A broker with one queue."""

    kind = "rabbitmq"
    target = "ops"
    secrets = (PASSWORD, WRITTEN)
    says_when = False

    def __init__(self, broker: PlayedBroker) -> None:
        self._broker = broker
        self.settings = {
            "url": broker.url.replace(PASSWORD, WRITTEN),
            "destinations": {"ops": {"queue": "jobs"}},
        }

    def prepare(self, trouble: Trouble | None) -> None:
        # A broker asks for the password once a connection: on one that stands it can only refuse what is asked.
        self._broker.refuse_logins(trouble is Trouble.REFUSE_CREDENTIALS and not self._broker.logins)
        self._broker.script(TROUBLES[trouble] if trouble else None)

    def seen(self) -> list[Seen]:
        return [
            Seen(
                json.loads(message.body)["recipient"].partition(":")[2],
                message.properties.message_id or "",
                len(message.body),
            )
            for message in self._broker.taken
        ]

    async def stop(self) -> None:
        await self._broker.stop()


class TestRabbit(ConnectorConformance):
    @pytest.fixture
    async def service(self) -> AsyncIterator[PlayedQueue]:
        async with PlayedBroker(user="headgate", password=PASSWORD, queues={"jobs"}) as broker:
            yield PlayedQueue(broker)
