"""A way to an object store that breaks on request: a proxy that answers one request per connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

from headgate.testing.smtp.certificate import Certificate

_STEPS = 5
"""Turns of the loop between the accepting of a connection and ``serve``, and some to spare."""
Fault = Callable[[str], str]
"""From a request's first line to "" (let it pass), "503" or "cut" (break off its body)."""
BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please slow down</Message></Error>"


class Proxy:
    """``lines``: the first line of each request. ``fault`` may be changed at any time."""

    def __init__(self, upstream: str, fault: Fault) -> None:
        self.fault = fault
        self.lines: list[str] = []
        self.url = ""
        self._upstream = urlsplit(upstream)
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a connection, in a task that is known before its first step."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving[task] = writer
        task.add_done_callback(lambda done: self._serving.pop(done, None))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            await closed(writer)

    async def end(self) -> None:
        left = dict(self._serving)
        if left:  # a connection that is being made when its task is cancelled would be closed by nobody
            await asyncio.wait(left, timeout=0.5)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for writer in left.values():  # a task that is cancelled before its first step closes nothing
            await closed(writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line = head.partition(b"\r\n")[0].decode()
        self.lines.append(line)
        match self.fault(line):
            case "503":
                writer.write(b"HTTP/1.1 503 Slow Down\r\nConnection: close\r\n")
                writer.write(b"Content-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(BUSY) + BUSY)
                await writer.drain()
            case "cut":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await writer.drain()
                await reader.read(1000)
            case _:
                await self._forward(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1), reader, writer)

    async def _forward(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        requests.write(head)
        sending = asyncio.create_task(pump(reader, requests))
        try:
            await pump(answers, writer)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await closed(requests)


@contextlib.asynccontextmanager
async def faulty(
    upstream: str, fault: Fault = lambda _: "", certificate: Certificate | None = None
) -> AsyncIterator[Proxy]:
    """Stand between a client and ``upstream`` (an http URL), on a loopback port; with a certificate, by TLS."""
    proxy = Proxy(upstream, fault)
    context = certificate.server_context() if certificate else None
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=context)
    proxy.url = f"{'https' if context else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        for _ in range(_STEPS):  # a server that is closed leaves open what it has accepted and not handed over yet
            await asyncio.sleep(0)
        server.close()
        await proxy.end()
        await server.wait_closed()


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
        await target.drain()


def first(count: int, kind: str, of: Callable[[str], bool]) -> Fault:
    """Return a fault of the first so many requests like this; the others pass."""
    left = [count]

    def fault(line: str) -> str:
        if of(line) and left[0]:
            left[0] -= 1
            return kind
        return ""

    return fault
