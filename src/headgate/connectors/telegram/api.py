"""Speaking to the Bot API: one method, one POST with JSON. The token stands in the address, and never leaves here."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from headgate.connectors.redaction import Redaction
from headgate.connectors.telegram.answers import Answered, Refusal, read_answer
from headgate.connectors.telegram.settings import TelegramSettings
from headgate.connectors.web_client import WebClient

_MAX_ANSWER = 8 * 1024 * 1024
"""Octets read of an answer: fifty updates of the longest texts are less."""
_TIME_FOR_TEXT = 5.0
"""Seconds an answer's text may take once its status is known."""
_MOST_MOVED = 10_000
"""Groups remembered as having become supergroups."""


class BotApi:
    """One bot at one Bot API. Raises ConnectorError when made with authorities that cannot be read."""

    def __init__(self, settings: TelegramSettings) -> None:
        token = settings.token.get_secret_value()
        self.timeout = settings.timeout
        self.hide = Redaction([f"{settings.base_url}/bot{token}", token, token.partition(":")[2]])
        self._moved: OrderedDict[int, int] = OrderedDict()
        self._client = WebClient(
            timeout=settings.timeout,
            connections=settings.concurrency + 2,
            ca_file=settings.ca_file,
            proxy=settings.proxy,
            root=f"{settings.base_url}/bot{token}/",
            most=_MAX_ANSWER,
            time_for_body=_TIME_FOR_TEXT,
        )

    async def call(self, method: str, parameters: dict[str, Any], *, key: str = "", wait: float = 0.0) -> Answered:
        """Call a method. ``wait``: seconds the Bot API was asked to hold its answer back, beside the usual time.

        Raises one of ``web_client.FAILURES`` where there is no answer.
        """
        headers = {"Idempotency-Key": key} if key else {}
        answer = await self._client.exchange("POST", method, json=parameters, headers=headers, longer=wait)
        return read_answer(answer.status, answer.body)

    async def send_message(self, body: dict[str, Any], *, key: str = "") -> Answered:
        """Send a text; where a group has become a supergroup, send it there, now and from now on.

        Raises as ``call``.
        """
        answered = await self.call("sendMessage", self._readdressed(body), key=key)
        chat = body["chat_id"]
        if isinstance(answered, Refusal) and answered.moved_to is not None and isinstance(chat, int):
            self._moved[chat] = answered.moved_to
            if len(self._moved) > _MOST_MOVED:
                self._moved.popitem(last=False)
            answered = await self.call("sendMessage", self._readdressed(body), key=key)
        return answered

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    def _readdressed(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "chat_id": self._moved.get(body["chat_id"], body["chat_id"])}
