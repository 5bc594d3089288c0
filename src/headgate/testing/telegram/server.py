"""The played Telegram on a loopback port: ``http://127.0.0.1:PORT/botTOKEN/METHOD``, JSON bodies."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from headgate.testing.telegram.errors import RefusedError, bad_request
from headgate.testing.telegram.telegram import Telegram
from headgate.testing.web import PlayedSite

_LOOK = 0.02
"""Seconds between looks for updates while a bot waits for them."""


class TelegramServer(PlayedSite):
    """Serves a played Telegram; use it as an async context manager. ``calls``: method and body, as they came."""

    def __init__(self, telegram: Telegram | None = None, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.telegram = telegram or Telegram()
        self.calls: list[tuple[str, Any]] = []
        self._polls = 0

    @property
    def url(self) -> str:
        """The Bot API's address, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    def application(self) -> web.Application:
        """Route all methods to one place."""
        application = web.Application()
        application.router.add_post("/bot{token}/{method}", self._serve)
        return application

    async def _serve(self, request: web.Request) -> web.Response:
        try:
            body = await _read(request)
            method = self.telegram.check(request.match_info["token"], request.match_info["method"], body)
            self.calls.append((method, body))
            result = await self._updates(body) if method == "getUpdates" else self.telegram.call(method, body)
        except RefusedError as refusal:
            return answer_of(refusal)
        return web.json_response({"ok": True, "result": result})

    async def _updates(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        if self.telegram.webhook:
            words = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
            raise RefusedError(409, words + "webhook first")
        self._polls += 1
        mine, loop = self._polls, asyncio.get_running_loop()
        until = loop.time() + body.get("timeout", 0)
        while True:
            found = self.telegram.updates.take(body.get("offset"), body.get("limit", 100), body.get("allowed_updates"))
            if found or loop.time() >= until:
                return found
            await asyncio.sleep(_LOOK)
            if mine != self._polls:
                words = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is "
                raise RefusedError(409, words + "running")


def answer_of(refusal: RefusedError) -> web.Response:
    """Return a refusal as Telegram answers it."""
    answer: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        answer["parameters"] = refusal.parameters
    return web.json_response(answer, status=refusal.code)


async def _read(request: web.Request) -> Any:
    if request.content_type != "application/json":
        raise bad_request("only application/json is played here")
    try:
        return json.loads(await request.read())
    except ValueError:
        raise bad_request("can't parse JSON object") from None
