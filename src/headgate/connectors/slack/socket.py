"""A Socket Mode connection: pushes come in, acknowledgements go out.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from headgate.connectors.slack.client import SlackClient
from headgate.connectors.slack.events import Envelope, acknowledgement, read_envelope
from headgate.connectors.slack.settings import SlackSettings
from headgate.connectors.tls import tls_context
from headgate.errors import BotError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp

_MAX_FRAME = 1024 * 1024
"""Octets of one push."""
_HEARTBEAT = 20.0
"""Seconds between pings; half of it without a pong ends the connection."""


class SocketMode:
    """Opens connections; use it as an async context manager. Raises BotError."""

    def __init__(self, settings: SlackSettings, client: SlackClient) -> None:
        self._app_token = settings.bot.app_token
        self._schemes = ("wss",) if settings.base_url.startswith("https:") else ("wss", "ws")
        self._timeout = settings.timeout
        self._proxy = settings.proxy.get_secret_value() if settings.proxy else None
        self._tls = tls_context(settings.ca_file)
        self._client = client
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Get ready."""
        self._session = aiohttp.ClientSession(trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything."""
        if self._session is not None:
            await self._session.close()

    async def connect(self) -> aiohttp.ClientWebSocketResponse:
        """Open a connection and wait for Slack's hello. Raises BotError."""
        url = await self._address()
        if self._session is None:
            raise BotError("used outside of its context", transient=False)
        try:
            async with asyncio.timeout(self._timeout):
                socket = await self._session.ws_connect(
                    url,
                    heartbeat=_HEARTBEAT,
                    max_msg_size=_MAX_FRAME,
                    proxy=self._proxy,
                    ssl=self._tls,
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                )
                await _hello(socket)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # The error's words may hold the address, which holds a ticket.
            raise BotError(f"Slack's socket cannot be opened ({type(error).__name__})") from None
        return socket

    async def _address(self) -> str:
        if self._app_token is None:
            raise BotError("the bot has no app_token", transient=False)
        called = await self._client.call("apps.connections.open", {}, token=self._app_token.get_secret_value())
        if not isinstance(called.outcome, Delivered):
            refused = isinstance(called.outcome, GiveUp) or called.outcome.reason is Reason.NOT_AUTHORISED
            raise BotError(f"apps.connections.open: {called.outcome.detail}", transient=not refused)
        url = called.data.get("url")
        if not isinstance(url, str) or urlsplit(url).scheme not in self._schemes:
            raise BotError("apps.connections.open answered no address of a socket")
        return url


async def _hello(socket: aiohttp.ClientWebSocketResponse) -> None:
    frame = await socket.receive()
    envelope = read_envelope(frame.data) if frame.type is aiohttp.WSMsgType.TEXT else None
    if envelope is None or envelope.kind != "hello":
        await socket.close()
        raise BotError("Slack's socket says no hello")


async def envelopes(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Envelope]:
    """Yield pushes, each acknowledged before anything is made of it, until the connection ends."""
    async for frame in socket:
        envelope = read_envelope(frame.data) if frame.type is aiohttp.WSMsgType.TEXT else None
        if envelope is None:
            continue
        if envelope.envelope:
            try:
                await socket.send_str(acknowledgement(envelope.envelope))
            except (aiohttp.ClientError, ConnectionError):
                return
        yield envelope
