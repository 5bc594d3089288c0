from __future__ import annotations

import asyncio
import contextlib
import gc
import logging

import pytest
from yarl import URL

from headgate.connectors.rabbitmq.wire import Steps, Wire


async def value(number: int) -> int:
    await asyncio.sleep(0)
    return number


async def test_a_step_in_time_gives_what_it_returns() -> None:
    assert await Steps(5).take(value(7)) == 7


async def test_a_step_that_fails_raises_its_error() -> None:
    async def fail() -> None:
        raise RuntimeError("x")

    with pytest.raises(RuntimeError):
        await Steps(5).take(fail())


async def test_a_step_that_the_library_cancels_is_a_lost_connection_and_no_cancellation() -> None:
    async def lost() -> None:
        raise asyncio.CancelledError

    with pytest.raises(ConnectionAbortedError):
        await Steps(5).take(lost())


async def test_a_step_that_does_not_let_itself_be_cancelled_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()
        raise RuntimeError("nobody is told")

    steps = Steps(0.05)
    with pytest.raises(TimeoutError):
        await steps.take(stubborn())
    taking = asyncio.create_task(steps.take(stubborn()))
    await asyncio.sleep(0)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    await steps.aclose()  # bounded, too
    release.set()
    await steps.aclose()
    gc.collect()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_wire_that_is_cut_ends_both_sides() -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read()
        ended.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    wire = Wire(None)
    wire.cut()  # there is nothing yet
    reader, writer = await wire.create(URL(f"amqp://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    wire.cut()
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    await ended.wait()
    writer.close()
    server.close()
