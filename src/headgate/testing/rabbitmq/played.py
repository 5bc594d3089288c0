"""A played broker: as much of AMQP 0-9-1 as a publisher needs, with trouble on demand.

It keeps to the protocol (https://www.rabbitmq.com/amqp-0-9-1-reference) and to RabbitMQ's extensions for confirms and
``basic.nack`` (https://www.rabbitmq.com/docs/confirms): it answers what is malformed or out of turn by closing the
connection, as a broker does. What a real broker does with messages is tested with a real one (``broker.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Collection
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

import pamqp.frame
from pamqp import commands, header
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.common import FieldTable
from pamqp.exceptions import PAMQPException
from pamqp.heartbeat import Heartbeat

from headgate.testing.rabbitmq.behaviour import (
    CloseChannel,
    CloseConnection,
    Endless,
    Hang,
    Ignore,
    Nack,
    Raw,
    Reset,
    Trouble,
)

T = TypeVar("T")
_GREETING = b"AMQP\x00\x00\x09\x01"
_FRAME_MAX = 131072
_ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends RST."""
_CAPABILITIES = {"publisher_confirms": True, "basic.nack": True, "connection.blocked": True}


@dataclass(frozen=True, slots=True)
class Published:
    """A message that was taken."""

    exchange: str
    routing_key: str
    mandatory: bool
    properties: commands.Basic.Properties
    body: bytes


class _OutOfTurnError(Exception):
    """The client sent what it may not send now."""


@dataclass(slots=True)
class _Talk:
    """One connection, and what has been published on its channels so far."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    confirmed: dict[int, int] = field(default_factory=dict)
    """Channel -> delivery tag of the last message, for channels that are open and confirm."""

    def say(self, channel: int, *frames: Frame) -> None:
        for frame in frames:
            self.writer.write(pamqp.frame.marshal(frame, channel))

    async def hear(self) -> tuple[int, pamqp.frame.FrameTypes]:
        """Return the next frame that is no heartbeat, with its channel."""
        while True:
            start = await self.reader.readexactly(7)
            length = int.from_bytes(start[3:7], "big")
            if length > _FRAME_MAX:
                raise _OutOfTurnError
            _, channel, frame = pamqp.frame.unmarshal(start + await self.reader.readexactly(length + 1))
            if not isinstance(frame, Heartbeat):
                return channel, frame

    async def expect(self, kind: type[T]) -> T:
        """Return the next frame, which has to be of this kind."""
        _, frame = await self.hear()
        if not isinstance(frame, kind):
            raise _OutOfTurnError
        return frame


class PlayedBroker:
    """A broker on a loopback port; use it as an asynchronous context manager.

    ``queues``: the names that the default exchange knows; there is no other exchange. It takes one user and password.
    """

    def __init__(self, *, user: str, password: str, queues: Collection[str]) -> None:
        self.queues = set(queues)
        self.taken: list[Published] = []
        self.logins = 0
        self._login = f"\x00{user}\x00{password}"
        self._url = f"{user}:{password}@127.0.0.1"
        self._trouble: Trouble | None = None
        self._refusing = False
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Start listening."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything."""
        await self.stop()

    @property
    def url(self) -> str:
        """Where it is, with name and password."""
        return f"amqp://{self._url}:{self._port}/"

    def script(self, trouble: Trouble | None) -> None:
        """Say what happens to the next message; None takes it."""
        self._trouble = trouble

    def refuse_logins(self, refused: bool) -> None:
        """Say whether logins are refused, though they be right."""
        self._refusing = refused

    async def stop(self) -> None:
        """Listen no more, and break off every connection. A second call does nothing."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for talk in list(self._talks):
            talk.cancel()
        if self._talks:
            await asyncio.wait(list(self._talks))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this as a task
        self._talks.add(task)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
                await self._talk(_Talk(reader, writer))
        finally:
            self._talks.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _talk(self, talk: _Talk) -> None:
        try:
            if await talk.reader.readexactly(len(_GREETING)) != _GREETING:
                talk.writer.write(_GREETING)
                return
            if await self._greet(talk):
                while await self._answer(talk):
                    await talk.writer.drain()
        except (_OutOfTurnError, PAMQPException, ValueError):
            await _close(talk, 503, "COMMAND_INVALID")

    async def _greet(self, talk: _Talk) -> bool:
        """Log a client in; say whether it is."""
        properties: FieldTable = {"product": "PlayedBroker", "capabilities": dict(_CAPABILITIES)}
        talk.say(0, commands.Connection.Start(server_properties=properties, mechanisms="PLAIN", locales="en_US"))
        login = await talk.expect(commands.Connection.StartOk)
        if self._refusing or login.mechanism != "PLAIN" or login.response != self._login:
            await _close(talk, 403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.")
            return False
        talk.say(0, commands.Connection.Tune(channel_max=2047, frame_max=_FRAME_MAX, heartbeat=60))
        await talk.expect(commands.Connection.TuneOk)
        await talk.expect(commands.Connection.Open)
        talk.say(0, commands.Connection.OpenOk())
        self.logins += 1
        return True

    async def _answer(self, talk: _Talk) -> bool:
        """Answer one frame; say whether the connection goes on."""
        channel, frame = await talk.hear()
        match frame:
            case commands.Connection.Close():
                talk.say(0, commands.Connection.CloseOk())
                await talk.writer.drain()
                return False
            case commands.Channel.Open():
                talk.confirmed[channel] = 0
                talk.say(channel, commands.Channel.OpenOk())
            case commands.Channel.Close():
                talk.confirmed.pop(channel, None)
                talk.say(channel, commands.Channel.CloseOk())
            case commands.Channel.CloseOk():
                talk.confirmed.pop(channel, None)
            case commands.Confirm.Select() if channel in talk.confirmed:
                talk.say(channel, commands.Confirm.SelectOk())
            case commands.Queue.Declare() if channel in talk.confirmed:
                self._declare(talk, channel, frame)
            case commands.Basic.Publish() if channel in talk.confirmed:
                return await self._take(talk, channel, frame)
            case _:
                raise _OutOfTurnError
        return True

    def _declare(self, talk: _Talk, channel: int, asked: commands.Queue.Declare) -> None:
        if asked.passive and asked.queue not in self.queues:
            talk.say(channel, commands.Channel.Close(404, f"NOT_FOUND - no queue '{asked.queue}' in vhost '/'", 50, 10))
            return
        self.queues.add(asked.queue)
        talk.say(channel, commands.Queue.DeclareOk(asked.queue, 0, 0))

    async def _take(self, talk: _Talk, channel: int, asked: commands.Basic.Publish) -> bool:
        """Read the message that follows, and do with it what the script says."""
        message = await _message(talk, asked)
        talk.confirmed[channel] += 1
        tag, trouble = talk.confirmed[channel], self._trouble
        if trouble is not None:
            self._trouble = None
            return await _make_trouble(talk, channel, tag, trouble)
        if asked.exchange:
            talk.say(channel, commands.Channel.Close(404, f"NOT_FOUND - no exchange '{asked.exchange}'", 60, 40))
            return True
        if message.routing_key in self.queues:
            self.taken.append(message)
        elif asked.mandatory:
            talk.say(channel, commands.Basic.Return(312, "NO_ROUTE", "", message.routing_key))
            returned = header.ContentHeader(body_size=0, properties=message.properties)
            talk.writer.write(pamqp.frame.marshal(returned, channel))
        talk.say(channel, commands.Basic.Ack(tag))
        return True


async def _message(talk: _Talk, asked: commands.Basic.Publish) -> Published:
    """Read the header and the body of a message."""
    head = await talk.expect(header.ContentHeader)
    body = bytearray()
    while len(body) < head.body_size:
        body += (await talk.expect(ContentBody)).value
    return Published(asked.exchange, asked.routing_key, asked.mandatory, head.properties, bytes(body))


async def _make_trouble(talk: _Talk, channel: int, tag: int, trouble: Trouble) -> bool:
    """Answer a message with trouble; say whether the connection goes on."""
    match trouble:
        case Nack():
            talk.say(channel, commands.Basic.Nack(tag))
            return True
        case Ignore():
            return True
        case CloseChannel():
            talk.say(channel, commands.Channel.Close(trouble.code, trouble.text, 60, 40))
            return True
        case CloseConnection():
            await _close(talk, trouble.code, trouble.text)
        case Hang():
            await asyncio.Event().wait()
        case Reset():
            connection: socket.socket = talk.writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            talk.writer.transport.abort()
        case Raw():
            talk.writer.write(trouble.data)
            await talk.writer.drain()
        case Endless():
            talk.writer.write(b"\x01\x00\x00\xff\xff\xff\xff")
            while True:
                talk.writer.write(bytes(65536))
                await talk.writer.drain()
                await asyncio.sleep(0.001)
    return False


async def _close(talk: _Talk, code: int, text: str) -> None:
    """Close the connection as a broker does: say why, and wait for the client's assent."""
    talk.say(0, commands.Connection.Close(code, text, 0, 0))
    await talk.writer.drain()
    with contextlib.suppress(TimeoutError, PAMQPException, _OutOfTurnError):
        async with asyncio.timeout(2):
            while not isinstance((await talk.hear())[1], commands.Connection.CloseOk):
                pass
