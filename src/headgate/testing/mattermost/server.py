"""The fake server: HTTP and web socket on one loopback port."""

from __future__ import annotations

import json
import secrets
import time
from collections import deque
from typing import Any

from aiohttp import web

from headgate.testing.http.sink import Behaviour
from headgate.testing.mattermost import checks, sockets
from headgate.testing.mattermost.checks import Refusal
from headgate.testing.mattermost.troubles import misbehave
from headgate.testing.mattermost.world import Channel, User, World
from headgate.testing.web import PlayedSite

REMEMBERED = 30.0
"""Seconds for which a pending post id is known again: https://github.com/mattermost/mattermost/pull/10006."""


class FakeMattermost(PlayedSite):
    """A Mattermost for tests; use it as an async context manager.

    ``posts`` are those of the bot, oldest first. ``per_second``: requests after which the rest of a second is refused,
    as by "Rate Limiting" in the documentation; None for no limit.
    """

    def __init__(self, *, per_second: int | None = None) -> None:
        super().__init__()
        self.world = World()
        self.token = secrets.token_hex(13)
        self.posts: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        """What ``POST /posts`` was given and took, also when it knew the post already."""
        self.per_second = per_second
        self.connections: list[sockets.Connection] = []
        self._seen: dict[str, tuple[str, float]] = {}
        self._script: deque[Behaviour] = deque()
        self._window = (0, 0)

    @property
    def url(self) -> str:
        """The address of the server, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    def application(self) -> web.Application:
        """Route what a bot may ask."""
        application = web.Application(client_max_size=50 * 1024 * 1024, middlewares=[self._guard])
        application.add_routes(
            [
                web.post("/api/v4/posts", self._create_post),
                web.post("/api/v4/files", self._upload),
                web.post("/api/v4/channels/direct", self._direct_channel),
                web.get("/api/v4/users/username/{name}", self._user_by_name),
                web.get("/api/v4/users/{id}", self._user),
                web.get("/api/v4/teams/name/{team}/channels/name/{name}", self._channel_by_name),
                web.get("/api/v4/websocket", self._websocket),
            ]
        )
        return application

    async def disconnect(self) -> None:
        """Close all web sockets."""
        await self.drop()

    def script(self, *behaviours: Behaviour) -> None:
        """Queue what happens to the next posts instead of their being taken."""
        self._script.extend(behaviours)

    async def say(self, author: User, channel: Channel, text: str, **body: Any) -> dict[str, Any]:
        """Post as somebody, with further parts of a post if need be; everybody who listens is told."""
        return await self._publish(self.world.add_post(author, channel, {**body, "message": text}))

    async def drop(self) -> None:
        """Close all web sockets."""
        await sockets.close([connection.socket for connection in self.connections])

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Count and authenticate a request; a web socket authenticates itself."""
        if self._too_many():
            headers = {
                "X-RateLimit-Limit": str(self.per_second),
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": "1",
            }
            return web.Response(status=429, headers=headers, text="limit exceeded\n")
        authorised = request.headers.get("Authorization") == f"Bearer {self.token}"
        if not authorised and not request.path.endswith("/websocket"):
            return _refuse(checks.UNAUTHORISED)
        answer: web.StreamResponse = await handler(request)
        return answer

    def _too_many(self) -> bool:
        if self.per_second is None:
            return False
        second, number = self._window
        now = int(time.monotonic())
        self._window = (now, number + 1 if now == second else 1)
        return self._window[1] > self.per_second

    async def _create_post(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if self._script:
            return await misbehave(request, self._script.popleft())
        try:
            body = json.loads(raw)
        except ValueError:
            return _refuse(checks.invalid("post"))
        if refusal := checks.refused_post(body, self.world, self.world.bot):
            return _refuse(refusal)
        if again := self._seen_before(body.get("pending_post_id", "")):
            self.bodies.append(raw)
            return web.json_response(again, status=201)
        post = self.world.add_post(self.world.bot, self.world.channels[body["channel_id"]], body)
        self._seen[body.get("pending_post_id", "")] = (str(post["id"]), time.monotonic() + REMEMBERED)
        self.posts.append(post)
        self.bodies.append(raw)
        return web.json_response(await self._publish(post), status=201)

    def _seen_before(self, pending: str) -> dict[str, Any] | None:
        post, until = self._seen.get(pending, ("", 0.0))
        return self.world.posts[post] if pending and time.monotonic() < until else None

    async def _publish(self, post: dict[str, Any]) -> dict[str, Any]:
        """Tell the bot of a post, if it is where the bot is."""
        channel, author = self.world.channels[post["channel_id"]], self.world.users[post["user_id"]]
        bot = self.world.bot
        if bot.id in channel.members:
            mentioned = f"@{bot.username}" in post["message"].lower() or (channel.type == "D" and author is not bot)
            data = sockets.posted(post, author, channel, [bot.id] if mentioned else [])
            for connection in self.connections:
                await connection.push("posted", data, channel=channel.id)
        return post

    async def _upload(self, request: web.Request) -> web.Response:
        channel = self.world.channels.get(request.query.get("channel_id", ""))
        if channel is None or self.world.bot.id not in channel.members or "filename" not in request.query:
            return _refuse(checks.NO_PERMISSION)
        file = self.world.new_id()
        self.world.files[file] = await request.read()
        infos = [{"id": file, "user_id": self.world.bot.id, "name": request.query["filename"]}]
        return web.json_response({"file_infos": infos, "client_ids": []}, status=201)

    async def _direct_channel(self, request: web.Request) -> web.Response:
        ids = await request.json()
        if not isinstance(ids, list) or len(ids) != 2 or any(user not in self.world.users for user in ids):  # noqa: PLR2004
            return _refuse(checks.invalid("user_ids"))
        if self.world.bot.id not in ids:
            return _refuse(checks.NO_PERMISSION)
        one, other = (self.world.users[user] for user in ids)
        return web.json_response(self.world.direct_channel(one, other).as_json(), status=201)

    async def _user(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        user = self.world.bot if wanted == "me" else self.world.users.get(wanted)
        return web.json_response(user.as_json()) if user else _refuse(checks.NO_USER)

    async def _user_by_name(self, request: web.Request) -> web.Response:
        user = self.world.user_named(request.match_info["name"])
        return web.json_response(user.as_json()) if user else _refuse(checks.NO_USER)

    async def _channel_by_name(self, request: web.Request) -> web.Response:
        channel = self.world.channel_named(request.match_info["team"], request.match_info["name"])
        return web.json_response(channel.as_json()) if channel else _refuse(checks.NO_CHANNEL)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if not await sockets.logged_in(socket, self.token):
            await socket.close()
            return socket
        connection = sockets.Connection(socket)
        await connection.push("hello", {"server_version": "10.5.0.fake"})
        self.connections.append(connection)
        try:
            await sockets.serve(socket)
        finally:
            self.connections.remove(connection)
        return socket


def _refuse(refusal: Refusal) -> web.Response:
    return web.json_response(refusal.as_json(), status=refusal.status)
