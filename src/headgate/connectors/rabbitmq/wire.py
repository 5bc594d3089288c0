"""What lies under the library: a socket that can be cut, and steps that end in time whatever the library does.

The library answers a cancellation by sending more, and waits for that; with a peer that takes nothing any more it waits
for its heartbeat. So a step is not awaited but watched, and a connection that does not close is cut.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiormq import TransportFactory
from yarl import URL

T = TypeVar("T")
_PLAIN_PORT, _TLS_PORT = 5672, 5671


class Wire(TransportFactory):
    """Opens the socket of one connection, with TLS if there is a context, and can cut it."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._writer: asyncio.StreamWriter | None = None

    async def create(self, url: URL, **_kwargs: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect; called by the library. Raises OSError."""
        port = url.port or (_TLS_PORT if self._context else _PLAIN_PORT)
        reader, self._writer = await asyncio.open_connection(url.host, port, ssl=self._context)
        return reader, self._writer

    def cut(self) -> None:
        """End the connection at once, if there is one: all who wait on it are told so."""
        if self._writer is not None:
            self._writer.transport.abort()


class Steps:
    """Takes the library's steps, ``seconds`` for each."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._overdue: set[asyncio.Task[Any]] = set()

    async def take(self, step: Coroutine[Any, Any, T]) -> T:
        """Return what the step returns, or raise what it raises.

        Raises TimeoutError when it takes too long, and ConnectionAbortedError when the library has cancelled it, which
        is how it tells that the connection is lost. An overdue step is cancelled and left to end by itself.
        """
        task = asyncio.create_task(step)
        try:
            await asyncio.wait({task}, timeout=self._seconds)
        finally:
            if not task.done():
                self._leave(task)
        if not task.done():
            raise TimeoutError
        if task.cancelled():
            raise ConnectionAbortedError("the connection was lost")
        return task.result()

    async def aclose(self) -> None:
        """Wait for overdue steps to end, no longer than for a step."""
        if self._overdue:
            await asyncio.wait(self._overdue, timeout=self._seconds)

    def _leave(self, task: asyncio.Task[Any]) -> None:
        self._overdue.add(task)
        task.add_done_callback(self._forget)
        task.cancel()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._overdue.discard(task)
        if not task.cancelled():
            task.exception()  # nobody waits for it any more
