from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest

from headgate.executor.connection import Connection
from headgate.executor.refusal import ExecutorError, RefusedError

REFUSAL = b'{"ok": false, "error": "peer", "message": "this socket is the service\'s"}'


@pytest.fixture
async def ends() -> AsyncIterator[tuple[Connection, socket.socket]]:
    """A connection, and its other end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield Connection(ours), theirs


async def test_who_is_refused_before_they_asked_is_told_why(ends: tuple[Connection, socket.socket]) -> None:
    connection, executor = ends
    executor.sendall(len(REFUSAL).to_bytes(4) + REFUSAL)
    executor.close()
    await connection.send({"verb": "ping", "user": "ada"})
    with pytest.raises(RefusedError) as caught:
        await connection.receive()
    assert (caught.value.error, caught.value.message) == ("peer", "this socket is the service's")


async def test_an_executor_that_hangs_up_without_a_word_is_an_error(ends: tuple[Connection, socket.socket]) -> None:
    connection, executor = ends
    executor.close()
    await connection.send({"verb": "ping", "user": "ada"})
    with pytest.raises(ExecutorError, match="hung up"):
        await connection.receive()
