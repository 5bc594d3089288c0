"""The line to the broker: one connection, with a channel for each message that is under way.

A channel carries one message at a time, because the broker answers a mistake by closing the whole channel: so what it
says is about this message and no other. A connection of which an answer is overdue takes no further messages; those
that are under way on it end by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aio_pika
from aio_pika.abc import AbstractChannel
from aio_pika.connection import Connection
from aio_pika.exceptions import (
    AMQPError,
    ChannelClosed,
    ChannelInvalidStateError,
    ChannelNotFoundEntity,
    DeliveryError,
)
from pamqp.exceptions import PAMQPException
from yarl import URL

from headgate.connectors.rabbitmq.post import Post
from headgate.connectors.rabbitmq.wire import Steps, Wire

TROUBLE = (
    AMQPError,
    PAMQPException,
    ChannelInvalidStateError,
    OSError,
    RuntimeError,
    StopAsyncIteration,
    ValueError,
    TypeError,
    LookupError,
)
"""What the library raises when the broker refuses, is away, or talks nonsense; the last three come from its parser."""
_HEARTBEAT = 15
"""Seconds; a peer that is silent for three times as long is taken for gone, by the library."""
_CLOSING = 2.0
"""Seconds a connection has to say good-bye."""

# These log what the broker says, and at the lowest level all that is sent: our own log says what is to be known.
for _name in ("aio_pika", "aiormq", "pamqp"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(slots=True, eq=False)
class _Line:
    """One connection: its free channels, how many messages use it, and the queues known to be there."""

    connection: Connection
    wire: Wire
    free: list[AbstractChannel] = field(default_factory=list)
    users: int = 0
    queues: set[str] = field(default_factory=set)
    making: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a queue is looked for and made."""

    @property
    def alive(self) -> bool:
        return self.connection.connected.is_set() and not self.connection.is_closed


class Lent:
    """A channel for one message."""

    def __init__(self, channel: AbstractChannel, steps: Steps) -> None:
        self._channel = channel
        self._steps = steps
        self.settled = True
        """Whether nothing is awaited on this channel."""

    @property
    def usable(self) -> bool:
        """Whether another message may follow on it."""
        return self.settled and not self._channel.is_closed

    async def publish(self, post: Post) -> None:
        """Publish, and wait until the broker has taken it. Raises one of ``TROUBLE``."""
        properties = post.properties()
        message = aio_pika.Message(
            post.body,
            content_type=str(properties["content_type"]),
            content_encoding=str(properties["content_encoding"]),
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=post.key,
            timestamp=post.moment,
            type=str(properties["type"]),
            app_id=str(properties["app_id"]),
            headers=dict(post.headers),
        )
        self.settled = False
        try:
            exchange = await self._channel.get_exchange(post.exchange, ensure=False)
            await self._steps.take(exchange.publish(message, post.routing_key, mandatory=True))
        except (DeliveryError, ChannelClosed):
            self.settled = True  # refused, but answered
            raise
        self.settled = True


class BrokerLine:
    """Keeps one connection to the broker, and makes it anew when it is needed and gone. Steps take ``seconds`` each."""

    def __init__(self, name: str, url: str, context: ssl.SSLContext | None, *, seconds: float) -> None:
        self._name = name
        self._url = URL(url).update_query(heartbeat=_HEARTBEAT)
        self._context = context
        self._steps = Steps(seconds)
        self._line: _Line | None = None
        self._opening: asyncio.Task[_Line] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def channel(self, queue: str | None = None) -> AsyncIterator[Lent]:
        """Lend a channel. ``queue``: one to be made, durable, if it is not there. Raises one of ``TROUBLE``."""
        line = await self._current()
        line.users += 1
        kept = False
        try:
            if queue is not None and queue not in line.queues:
                await self._make_queue(line, queue)
            channel = await self._free_channel(line)
            lent = Lent(channel, self._steps)
            try:
                yield lent
            finally:
                if lent.usable:
                    line.free.append(channel)
                kept = lent.settled
        except ChannelClosed:
            kept = True  # the connection goes on without this channel
            raise
        finally:
            line.users -= 1
            self._give_back(line, kept=kept)

    async def aclose(self) -> None:
        """Close the connection, and wait for those that are being closed."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
            self._opening = None
        line, self._line = self._line, None
        if line is not None:
            self._close(line)
        if self._closing:
            await asyncio.wait(self._closing)
        await self._steps.aclose()

    async def _current(self) -> _Line:
        """Return the connection; all who wait for a new one wait for the same."""
        line = self._line
        if line is not None and line.alive:
            return line
        if line is not None:
            self._retire(line)
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name=f"{self._name}: connecting to RabbitMQ")
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    async def _open(self) -> _Line:
        wire = Wire(self._context)
        connection = Connection(self._url, client_properties={"connection_name": f"headgate {self._name}"})
        connection.kwargs["transport_factory"] = wire
        try:
            await self._steps.take(connection.connect())
        except BaseException:
            wire.cut()
            raise
        return _Line(connection, wire)

    def _opened(self, opening: asyncio.Task[_Line]) -> None:
        self._opening = None
        if not opening.cancelled() and opening.exception() is None:
            self._line = opening.result()

    async def _free_channel(self, line: _Line) -> AbstractChannel:
        while line.free:
            channel = line.free.pop()
            if not channel.is_closed:
                return channel
        channel = line.connection.channel(publisher_confirms=True, on_return_raises=True)
        await self._steps.take(channel.initialize())
        return channel

    async def _make_queue(self, line: _Line, queue: str) -> None:
        """Make the queue where there is none; one that is there is used as it is, whatever its arguments.

        One message does it, and the others wait. A broker closes the channel on which it was asked for a queue that is
        not there; where many are closed at once the library drops some of the answers it owes (its queue of frames is
        bounded), and its next channel of that number is refused.
        """
        async with line.making:
            if queue in line.queues:
                return
            channel = await self._free_channel(line)
            try:
                await self._steps.take(channel.declare_queue(queue, passive=True))
            except ChannelNotFoundEntity:
                channel = await self._free_channel(line)
                await self._steps.take(channel.declare_queue(queue, durable=True))
            line.free.append(channel)
            line.queues.add(queue)

    def _give_back(self, line: _Line, *, kept: bool) -> None:
        if not kept or not line.alive:
            self._retire(line)
        elif line is not self._line and not line.users:
            self._close(line)

    def _retire(self, line: _Line) -> None:
        """Let no further message onto a connection; close it when the last one is done."""
        if line is self._line:
            self._line = None
        if not line.users:
            self._close(line)

    def _close(self, line: _Line) -> None:
        task = asyncio.create_task(_say_good_bye(line), name=f"{self._name}: closing RabbitMQ connection")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _say_good_bye(line: _Line) -> None:
    """Close a connection: in order, if the broker takes part in it, and else by cutting it."""
    with contextlib.suppress(*TROUBLE):
        steps = Steps(_CLOSING)
        try:
            await steps.take(line.connection.close())
        finally:
            line.wire.cut()
            await steps.aclose()
