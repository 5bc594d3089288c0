"""The played Slack on a loopback port: Web API under ``/api/``, Socket Mode under ``/link/``.

https://docs.slack.dev/apis/events-api/using-socket-mode: an address is good for one connection, which begins with a
hello; each envelope wants its acknowledgement.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import WSMsgType, web

from headgate.testing.slack.workspace import Post, SlackWorkspace
from headgate.testing.web import PlayedSite


class FakeSlack(PlayedSite):
    """Use it as an async context manager.

    ``workspace`` holds state and messages; ``acknowledged`` the ids of envelopes in the order in which they were;
    ``mistakes`` what a client did that it should not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.workspace = SlackWorkspace()
        self.acknowledged: list[str] = []
        self.mistakes: list[str] = []
        self.opened = 0
        """Connections of Socket Mode so far."""
        self._tickets: set[str] = set()
        self._sent: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._changed = asyncio.Condition()
        self._number = 0

    @property
    def base_url(self) -> str:
        """The root of the Web API."""
        return f"http://127.0.0.1:{self._port}/api"

    def application(self) -> web.Application:
        """Route the Web API and Socket Mode."""
        application = web.Application()
        application.router.add_post("/api/{method}", self._call)
        application.router.add_get("/link/", self._link)
        return application

    async def disconnect(self) -> None:
        """Close all connections of Socket Mode."""
        for socket in list(self._sockets):
            await socket.close()

    async def push(self, kind: str, payload: Mapping[str, Any], *, envelope: str = "", oldest: bool = False) -> str:
        """Send an envelope (``events_api``, ``interactive``, …) and return its id once it is acknowledged.

        It goes by the newest connection; ``oldest``: by the oldest that is still open.
        """
        await self.until(lambda: bool(self._sockets))
        self._number += 1
        name = envelope or f"envelope-{self._number}"
        frame = {"type": kind, "envelope_id": name, "payload": payload, "accepts_response_payload": False}
        count = self.acknowledged.count(name)
        self._sent.add(name)
        await self._sockets[0 if oldest else -1].send_json(frame)
        await self.until(lambda: self.acknowledged.count(name) > count)
        return name

    async def push_event(self, **event: Any) -> str:
        """Send an event of the Events API."""
        return await self.push(
            "events_api", {"type": "event_callback", "event_id": f"Ev{self._number}", "event": event}
        )

    async def say(self, person: str, text: str, *, channel: str = "", **more: Any) -> str:
        """Let somebody write to the app, or with ``channel`` mention it there."""
        self._number += 1
        where = {"channel": channel} if channel else {"channel": f"D{person[1:]}", "channel_type": "im"}
        kind = "app_mention" if channel else "message"
        event = {"type": kind, "user": person, "text": text, "ts": f"1795000001.{self._number:06}", **where, **more}
        return await self.push_event(**event)

    async def press(self, person: str, value: str, *, channel: str) -> str:
        """Let somebody press a button with this value."""
        self._number += 1
        return await self.push(
            "interactive",
            {
                "type": "block_actions",
                "user": {"id": person, "username": person.lower(), "name": person.lower(), "team_id": "T0TEST"},
                "channel": {"id": channel, "name": "somewhere"},
                "container": {"type": "message", "message_ts": "1795000000.000001", "channel_id": channel},
                "trigger_id": f"trigger-{self._number}",
                "actions": [
                    {"type": "button", "action_id": "headgate-0", "value": value, "action_ts": f"17950.{self._number}"}
                ],
            },
        )

    async def send_raw(self, frame: str) -> None:
        """Send any text frame by the newest connection."""
        await self.until(lambda: bool(self._sockets))
        await self._sockets[-1].send_str(frame)

    async def announce_disconnect(self, reason: str) -> None:
        """Say that the newest connection is going to end: ``warning``, ``refresh_requested`` or ``link_disabled``."""
        await self.send_raw(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "fake"}}))

    async def drop(self, *, oldest: bool = False) -> None:
        """Close the newest connection, or the oldest."""
        await self._sockets[0 if oldest else -1].close()

    async def posted(self, number: int) -> Post:
        """Return message ``number`` (from 1), once there is such."""
        await self.until(lambda: len(self.workspace.posts) >= number)
        return self.workspace.posts[number - 1]

    async def until(self, what: Any) -> None:
        """Wait until this is so; it is looked at whenever something comes in."""
        async with self._changed:
            await self._changed.wait_for(what)

    async def _call(self, request: web.Request) -> web.Response:
        self._number += 1
        ticket = f"ticket-{self._number}"
        self._tickets.add(ticket)
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = self.workspace.answer(
            request.match_info["method"],
            headers,
            await request.read(),
            socket=f"ws://127.0.0.1:{self._port}/link/?ticket={ticket}&app_id=A1",
        )
        async with self._changed:
            self._changed.notify_all()
        return web.Response(
            status=reply.status, headers=reply.headers, body=reply.body, content_type="application/json"
        )

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        self._sockets.append(socket)
        self.opened += 1
        await socket.send_json({"type": "hello", "num_connections": len(self._sockets), "debug_info": {"host": "fake"}})
        async with self._changed:
            self._changed.notify_all()
        try:
            async for frame in socket:
                await self._take(frame.data if frame.type is WSMsgType.TEXT else "")
        finally:
            self._sockets.remove(socket)
            async with self._changed:
                self._changed.notify_all()
        return socket

    async def _take(self, frame: str) -> None:
        try:
            read = json.loads(frame)
        except ValueError:
            read = None
        name = read.get("envelope_id") if isinstance(read, dict) else None
        if name in self._sent and not set(read) - {"envelope_id", "payload"}:
            self.acknowledged.append(name)
        else:
            self.mistakes.append(frame[:200])
        async with self._changed:
            self._changed.notify_all()
