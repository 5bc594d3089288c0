"""``python -m scripts.demo.chats SOCKET``: the services, in a process of their own, and how the play speaks with it."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from aiohttp import web

from scripts.demo.got import Got
from scripts.demo.place import DemoError
from scripts.demo.services import Services, Tables

_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Chats:
    """The services' process, by its socket."""

    socket: Path

    def is_ready(self) -> bool:
        """Whether all services have started."""
        return self.socket.exists()

    def tables(self) -> Tables:
        """Return the tables of Headgate's configuration for them."""
        tables: Tables = self._ask("GET", "/tables")
        return tables

    def receivers(self) -> dict[str, str]:
        """Return service -> the target that a job names."""
        receivers: dict[str, str] = self._ask("GET", "/receivers")
        return receivers

    def got(self) -> list[Got]:
        """Return what each service took so far."""
        return [Got(**one) for one in self._ask("GET", "/got")]

    def refused(self) -> list[str]:
        """Return what was refused, a text for each."""
        refused: list[str] = self._ask("GET", "/refused")
        return refused

    def say(self, service: str, who: str, text: str) -> None:
        """Have somebody say something to a bot."""
        self._ask("POST", "/say", {"service": service, "who": who, "text": text})

    def comment(self, who: str, text: str, webhooks: str) -> None:
        """Have somebody comment on the pull request; it is told to the address that takes webhooks."""
        self._ask("POST", "/comment", {"who": who, "text": text, "webhooks": webhooks})

    def comments(self) -> list[str]:
        """Return what the bot wrote in the pull request."""
        comments: list[str] = self._ask("GET", "/comments")
        return comments

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        transport = httpx2.HTTPTransport(uds=str(self.socket))
        try:
            with httpx2.Client(
                transport=transport, base_url="http://chats", timeout=_TIMEOUT, trust_env=False
            ) as client:
                answer = client.request(method, path, json=body).raise_for_status()
                return answer.json()
        except httpx2.HTTPError as error:
            raise DemoError(f"the services do not answer: {error}") from error


def application(services: Services) -> web.Application:
    """Return what answers on the socket."""

    async def got(_: web.Request) -> web.Response:
        return web.json_response([one.as_json() for one in await services.got()])

    async def say(request: web.Request) -> web.Response:
        await services.say(**await request.json())
        return web.json_response({})

    async def comment(request: web.Request) -> web.Response:
        await services.hub.say(**await request.json())
        return web.json_response({})

    async def comments(_: web.Request) -> web.Response:
        return web.json_response(services.hub.comments())

    async def tables(_: web.Request) -> web.Response:
        return web.json_response({**services.tables(), **services.hub.tables()})

    async def receivers(_: web.Request) -> web.Response:
        return web.json_response(services.receivers)

    async def refused(_: web.Request) -> web.Response:
        return web.json_response(services.refused())

    made = web.Application()
    asked = (got, tables, receivers, refused, comments)
    made.add_routes([web.get(f"/{handler.__name__}", handler) for handler in asked])
    made.add_routes([web.post("/say", say), web.post("/comment", comment)])
    return made


async def play(socket: Path) -> None:
    """Run the services until SIGTERM or SIGINT; the socket is there as soon as all have started."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Services() as services:
        runner = web.AppRunner(application(services), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.UnixSite(runner, str(socket)).start()
            await stopped.wait()
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(play(Path(sys.argv[1])))
