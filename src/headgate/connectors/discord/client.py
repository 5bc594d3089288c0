"""Requests to Discord's API, version 10 (https://discord.com/developers/docs/reference)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Unpack

import headgate
from headgate.connectors.discord.answers import outcome_of_answer
from headgate.connectors.discord.rendering import PICTURE
from headgate.connectors.discord.settings import DiscordSettings
from headgate.connectors.http import outcome_of_error
from headgate.connectors.redaction import Redaction
from headgate.connectors.web_client import FAILURES, Given, WebClient
from headgate.notify.connector import Outcome

_MAX_ANSWER = 256 * 1024
"""Octets read of an answer; a message has a few thousand."""


class DiscordClient:
    """One bot's requests, over one pool of connections."""

    def __init__(self, settings: DiscordSettings) -> None:
        token = settings.token.get_secret_value()
        proxy = settings.proxy.get_secret_value() if settings.proxy else None
        self.hide = Redaction([token, *token.split("."), *([proxy] if proxy else [])])
        self._client = WebClient(
            timeout=settings.timeout,
            connections=settings.concurrency + 2,
            proxy=settings.proxy,
            root=f"{settings.url}/v10/",
            headers={
                "Authorization": f"Bot {token}",
                # The form is Discord's; other agents are refused.
                "User-Agent": f"DiscordBot (headgate, {headgate.__version__})",
            },
            most=_MAX_ANSWER,
        )

    async def open_private(self, person: str) -> Outcome:
        """Open the private channel with a person; delivered means that ``reference`` is its id."""
        return await self._post("users/@me/channels", json={"recipient_id": person})

    async def post(self, channel: str, message: Mapping[str, object], picture: bytes | None = None) -> Outcome:
        """Make a message and say how it went; the picture goes with it, in the same request."""
        path = f"channels/{channel}/messages"
        if picture is None:
            return await self._post(path, json=message)
        files = {
            "payload_json": (None, json.dumps(message).encode(), "application/json"),
            "files[0]": (PICTURE, picture, "image/png"),
        }
        return await self._post(path, files=files)

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _post(self, path: str, **given: Unpack[Given]) -> Outcome:
        try:
            answer = await self._client.exchange("POST", path, **given)
        except FAILURES as error:
            return outcome_of_error(error, self.hide)
        return outcome_of_answer(
            answer.status,
            answer.headers,
            answer.json(),
            answer.said,
            now=time.time(),
            whole=answer.whole,
            hide=self.hide,
        )
