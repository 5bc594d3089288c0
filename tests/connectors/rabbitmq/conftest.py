"""A real broker for the tests of this folder, and a client of it that is not the connector."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from headgate.testing.rabbitmq.broker import PROGRAMS, RabbitBroker
from headgate.testing.smtp.certificate import Certificate, make_certificate

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:

    return asyncio.run(make_certificate(tmp_path_factory.mktemp("rabbitmq")))


@pytest.fixture(scope="session")
def broker(certificate: Certificate) -> Iterator[RabbitBroker]:
    if not Path(PROGRAMS, "rabbitmq-server").exists():
        pytest.skip("Debian's package rabbitmq-server is not installed")
    with RabbitBroker(certificate=certificate) as running:
        yield running


@pytest.fixture
def queue_name() -> str:
    """A name that no other test uses."""
    return f"queue-{next(_numbers)}"


Channels = Callable[[], contextlib.AbstractAsyncContextManager[AbstractChannel]]


@pytest.fixture
def channels(broker: RabbitBroker) -> Channels:
    """Open a channel of a consumer's own."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[AbstractChannel]:
        connection = await aio_pika.connect(broker.url)
        try:
            yield await connection.channel()
        finally:
            await connection.close()

    return opened
