"""The web socket of a fake Mattermost: https://developers.mattermost.com/api-documentation/, "WebSocket"."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from headgate.testing.mattermost.world import Channel, User

_TIME_TO_LOG_IN = 5.0
"""Seconds a client has for its challenge."""


class Connection:
    """One client's web socket, after it has shown its token."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self._seq = 0

    async def push(self, event: str, data: dict[str, Any], *, channel: str = "", skip: int = 0) -> None:
        """Send an event; ``skip`` leaves out so many numbers before it, as if events had been lost."""
        self._seq += skip
        broadcast = {"omit_users": None, "user_id": "", "channel_id": channel, "team_id": ""}
        await self.socket.send_json({"event": event, "data": data, "broadcast": broadcast, "seq": self._seq})
        self._seq += 1


async def logged_in(socket: web.WebSocketResponse, token: str) -> bool:
    """Wait for the challenge and say whether its token is right. A wrong one is not answered, as servers do."""
    try:
        message = await socket.receive(_TIME_TO_LOG_IN)
    except TimeoutError:
        return False
    if message.type is not WSMsgType.TEXT:
        return False
    said = json.loads(message.data)
    if said.get("action") != "authentication_challenge" or said.get("data") != {"token": token}:
        return False
    await socket.send_json({"status": "OK", "seq_reply": said["seq"]})
    return True


async def serve(socket: web.WebSocketResponse) -> None:
    """Answer what the client says until it goes."""
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            said = json.loads(message.data)
            data = {"text": "pong"} if said.get("action") == "ping" else {}
            await socket.send_json({"status": "OK", "seq_reply": said["seq"], "data": data})


def posted(post: dict[str, Any], author: User, channel: Channel, mentions: list[str]) -> dict[str, Any]:
    """Return the data of a ``posted`` event; the post is JSON inside the JSON."""
    data = {
        "channel_display_name": channel.name,
        "channel_name": channel.name,
        "channel_type": channel.type,
        "post": json.dumps(post),
        "sender_name": f"@{author.username}",
        "set_online": True,
        "team_id": channel.as_json()["team_id"],
    }
    return {**data, "mentions": json.dumps(mentions)} if mentions else data


async def close(sockets: list[web.WebSocketResponse]) -> None:
    """Close web sockets."""
    await asyncio.gather(*(socket.close() for socket in sockets))
