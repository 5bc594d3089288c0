"""Played services listen on a port of their own, and end when they are told to."""

from __future__ import annotations

import aiohttp
import httpx2
import pytest
from aiohttp import web

from headgate.testing.daemons import free_port
from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, Behaviour
from headgate.testing.web import PlayedByAnswers, PlayedSite


class Echo(PlayedSite):
    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.open: list[web.WebSocketResponse] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/", self._talk)
        return application

    async def disconnect(self) -> None:
        for socket in self.open:
            await socket.close()

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open.append(socket)
        async for message in socket:
            await socket.send_str(message.data)
        return socket


class Teapot(PlayedByAnswers):
    def answer(self, request: ReceivedRequest) -> Behaviour:
        return Answer(418, {}, request.path.encode())


async def test_a_site_serves_until_it_is_stopped_and_closes_what_is_open() -> None:
    site = Echo()
    async with site, aiohttp.ClientSession() as session, session.ws_connect(site.url) as socket:
        await socket.send_str("hello")
        assert (await socket.receive_str()) == "hello"
        await site.stop()
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(site.url)


async def test_a_site_takes_the_port_it_is_given_and_may_be_started_again() -> None:
    port = free_port()
    site = Echo(port=port)
    for _ in range(2):
        async with site:
            assert site.url == f"http://127.0.0.1:{port}/"


async def test_a_service_that_answers_by_a_sink_serves_until_it_is_stopped() -> None:
    async with Teapot() as service, httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{service.sink.url}/tea")
        assert (answer.status_code, answer.text) == (418, "/tea")
        await service.stop()
        await service.stop()
        with pytest.raises(httpx2.ConnectError):
            await client.get(service.sink.url)
