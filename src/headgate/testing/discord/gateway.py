"""Discord's gateway as far as a bot needs it to connect, on a loopback port.

Opcodes, close codes and the order of things: https://discord.com/developers/docs/events/gateway and
https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway. Sessions can be resumed, but what was
missed is not told again.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

from aiohttp import WSMsgType, web

from headgate.testing.discord.server import BOT, TOKEN
from headgate.testing.web import PlayedSite

MESSAGE_CONTENT = 1 << 15
_PRIVILEGED = MESSAGE_CONTENT | 1 << 1 | 1 << 8
_DISPATCH, _INVALID, _HELLO, _ACK = 0, 9, 10, 11
_UNKNOWN, _AUTHENTICATION, _DISALLOWED = 4001, 4004, 4014
SESSION = "session-of-the-fake"


class FakeGateway(PlayedSite):
    """A gateway for one bot; use it as an async context manager.

    ``approved``: the privileged intents that are switched on in the developer portal. ``identified`` and ``resumed``
    hold what clients sent to begin or to resume a session; ``ready`` is set when one has begun.
    """

    def __init__(self, *, token: str = TOKEN, approved: int = 0) -> None:
        super().__init__()
        self.identified: list[dict[str, Any]] = []
        self.resumed: list[dict[str, Any]] = []
        self.ready = asyncio.Event()
        self._token = token
        self._approved = approved
        self._sequence = 0
        self._clients: dict[web.WebSocketResponse, Any] = {}

    @property
    def url(self) -> str:
        """The gateway's address."""
        return f"ws://127.0.0.1:{self._port}/"

    def application(self) -> web.Application:
        """Take web sockets."""
        application = web.Application()
        application.router.add_get("/", self._serve)
        return application

    async def disconnect(self) -> None:
        """Close all connections, as Discord does when it goes away."""
        await self.close(1001)

    async def dispatch(self, event: str, data: object) -> None:
        """Tell all clients of an event."""
        for client in list(self._clients):
            await self._dispatch(client, event, data)

    async def close(self, code: int) -> None:
        """Close all connections with this code."""
        self.ready.clear()
        for client in list(self._clients):
            await client.close(code=code)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        client = web.WebSocketResponse(compress=False)
        await client.prepare(request)
        self._clients[client] = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        try:
            await self._send(client, {"op": _HELLO, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
            async for message in client:
                if message.type is WSMsgType.TEXT:
                    await self._take(client, json.loads(message.data))
        finally:
            del self._clients[client]
        return client

    async def _take(self, client: web.WebSocketResponse, said: dict[str, Any]) -> None:
        match said["op"]:
            case 1:  # heartbeat
                await self._send(client, {"op": _ACK, "d": None, "s": None, "t": None})
            case 2:
                await self._identify(client, said["d"])
            case 6:
                await self._resume(client, said["d"])
            case 3 | 4 | 8:  # presence, voice, members: nothing is answered
                pass
            case _:
                await client.close(code=_UNKNOWN)

    async def _identify(self, client: web.WebSocketResponse, asked: dict[str, Any]) -> None:
        self.identified.append(asked)
        if asked["token"] != self._token:
            await client.close(code=_AUTHENTICATION, message=b"Authentication failed.")
            return
        if asked["intents"] & _PRIVILEGED & ~self._approved:
            await client.close(code=_DISALLOWED, message=b"Disallowed intent(s).")
            return
        ready = {
            "v": 10,
            "user": {"id": BOT, "username": "headgate", "discriminator": "0000", "avatar": None, "bot": True},
            "guilds": [],
            "session_id": SESSION,
            "resume_gateway_url": self.url,
            "application": {"id": BOT, "flags": 0},
        }
        await self._dispatch(client, "READY", ready)
        self.ready.set()

    async def _resume(self, client: web.WebSocketResponse, asked: dict[str, Any]) -> None:
        self.resumed.append(asked)
        if asked["token"] != self._token or asked["session_id"] != SESSION:
            await self._send(client, {"op": _INVALID, "d": False, "s": None, "t": None})
            return
        await self._dispatch(client, "RESUMED", {})
        self.ready.set()

    async def _dispatch(self, client: web.WebSocketResponse, event: str, data: object) -> None:
        self._sequence += 1
        await self._send(client, {"op": _DISPATCH, "d": data, "s": self._sequence, "t": event})

    async def _send(self, client: web.WebSocketResponse, payload: dict[str, Any]) -> None:
        text = json.dumps(payload)
        packer = self._clients[client]
        if packer is None:
            await client.send_str(text)
        else:
            await client.send_bytes(packer.compress(text.encode()) + packer.flush(zlib.Z_SYNC_FLUSH))


def private_message(text: str, *, channel: str, author: str, number: int = 1) -> dict[str, Any]:
    """Return the data of a MESSAGE_CREATE: something said to the bot in private."""
    return {
        "id": str(int(channel) + 10_000 + number),
        "channel_id": channel,
        "author": {"id": author, "username": "ada", "discriminator": "0", "avatar": None, "global_name": "Ada"},
        "content": text,
        "timestamp": "2026-11-21T03:43:02.000000+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        "channel_type": 1,
    }
