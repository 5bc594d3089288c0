"""A way to the gateway on which connections are cut."""

from __future__ import annotations

import asyncio
from typing import Self


class CuttingProxy:
    """Passes connections on to a port; use it as an async context manager.

    ``cuts``: for each connection that comes, how many bytes of answers are passed back before it is cut; with 0 the
    request was answered and nothing of it came back, with ``AT_ONCE`` it is cut when the request has gone through.
    Connections that come when the list is empty are left alone.
    """

    AT_ONCE = -1

    def __init__(self, to: int, *cuts: int) -> None:
        self.to = to
        self.cuts = list(cuts)
        self.port = 0
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        cut = self.cuts.pop(0) if self.cuts else None
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        from_gateway, to_gateway = await asyncio.open_connection("127.0.0.1", self.to)
        forth = asyncio.create_task(_pass_on(reader, to_gateway, None))
        try:
            if cut == self.AT_ONCE:
                await asyncio.sleep(0.05)
            else:
                await _pass_on(from_gateway, writer, cut)
        finally:
            forth.cancel()
            for each in (writer, to_gateway):
                each.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None) -> None:
    """Pass bytes on until there are no more, or ``most`` were passed on and more came."""
    try:
        while data := await reader.read(65536):
            writer.write(data if most is None else data[:most])
            await writer.drain()
            if most is not None:
                most -= min(most, len(data))
                if most == 0:
                    return
    except ConnectionError:
        return
