"""A relay like smee.io on a loopback port: what is posted to a channel comes out as server-sent events.

As smee.io does, it parses the body and passes on the result, so that the bytes that were signed are lost; ``whole``
passes them on as well, as newer relays do (``bodyB`` of gosmee, ``rawBody``). It keeps nothing: who does not listen
misses what is posted.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any, Literal

from aiohttp import web

from headgate.testing.web import PlayedSite


class FakeRelay(PlayedSite):
    """A relay for tests; use it as an async context manager. It has one channel."""

    def __init__(self, *, whole: Literal["", "bodyB", "rawBody"] = "", port: int = 0) -> None:
        super().__init__(port=port)
        self.whole = whole
        self.status = 200
        """How who wants to listen is answered."""
        self.listeners: list[web.StreamResponse] = []

    @property
    def url(self) -> str:
        """The channel's address: for those who post, and for those who listen."""
        return f"http://127.0.0.1:{self._port}/channel"

    def application(self) -> web.Application:
        """Route both."""
        application = web.Application(client_max_size=50 * 1024 * 1024)
        application.add_routes([web.get("/channel", self._listen), web.post("/channel", self._post)])
        return application

    async def send(self, event: str, data: str) -> None:
        """Send an event to all who listen."""
        lines = "".join(f"data: {line}\n" for line in data.split("\n"))
        for listener in self.listeners:
            await listener.write(f"event: {event}\n{lines}\n".encode("utf-8", "surrogatepass"))

    async def disconnect(self) -> None:
        """Break all connections, as when it is started anew."""
        listeners, self.listeners = self.listeners, []
        for listener in listeners:
            request = listener._req  # noqa: SLF001 - aiohttp shows nothing else of it
            if request is not None and request.transport is not None:
                request.transport.close()

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        if self.status != 200:  # noqa: PLR2004
            return web.Response(status=self.status)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        await response.write(b"event: ready\ndata: {}\n\n")
        self.listeners.append(response)
        try:
            while True:
                await asyncio.sleep(0.5)
                await response.write(b"event: ping\ndata: {}\n\n")
        except (ConnectionError, RuntimeError):
            return response
        finally:
            if response in self.listeners:
                self.listeners.remove(response)

    async def _post(self, request: web.Request) -> web.Response:
        raw = await request.read()
        data: dict[str, Any] = {name.lower(): value for name, value in request.headers.items()}
        data |= {"body": json.loads(raw), "query": {}, "timestamp": 1_700_000_000_000}
        if self.whole == "bodyB":
            data["bodyB"] = base64.b64encode(raw).decode()
        elif self.whole == "rawBody":
            data["rawBody"] = raw.decode()
        await self.send("message", json.dumps(data, separators=(",", ":"), ensure_ascii=False))
        return web.Response()
