"""Calls of Slack's Web API (https://docs.slack.dev/apis/web-api)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headgate.connectors.http import outcome_of_error
from headgate.connectors.redaction import Redaction
from headgate.connectors.slack.answers import outcome_of_answer
from headgate.connectors.slack.settings import SlackSettings
from headgate.connectors.web_client import FAILURES, WebClient
from headgate.notify.connector import Outcome

_MAX_ANSWER = 512 * 1024
"""Octets read of an answer, which repeats the message with what Slack adds to it."""
_TIME_FOR_TEXT = 5.0
"""Seconds an answer's text may take once its status is known."""


@dataclass(frozen=True, slots=True)
class Called:
    """How a call went, and what it was answered with (empty unless it was a JSON object)."""

    outcome: Outcome
    data: Mapping[str, Any]


class SlackClient:
    """One app's calls, over one pool of connections. Raises ConnectorError when ``ca_file`` is no good."""

    def __init__(self, settings: SlackSettings) -> None:
        self._token = settings.token.get_secret_value()
        app_token = settings.bot.app_token.get_secret_value() if settings.bot.app_token else ""
        proxy = settings.proxy.get_secret_value() if settings.proxy else ""
        self.hide = Redaction([self._token, app_token, proxy])
        self._client = WebClient(
            timeout=settings.timeout,
            connections=settings.concurrency + 2,
            ca_file=settings.ca_file,
            proxy=settings.proxy,
            root=f"{settings.base_url}/",
            most=_MAX_ANSWER,
            time_for_body=_TIME_FOR_TEXT,
        )

    async def call(self, method: str, arguments: Mapping[str, object], *, token: str | None = None) -> Called:
        """Call a method, with the bot's token if no other is given. Raises nothing but CancelledError."""
        headers = {
            "Authorization": f"Bearer {token or self._token}",
            "Content-Type": "application/json; charset=utf-8",
        }
        body = json.dumps(arguments, ensure_ascii=False, allow_nan=False).encode()
        try:
            answer = await self._client.exchange("POST", method, content=body, headers=headers)
        except FAILURES as error:
            return Called(outcome_of_error(error, self.hide), {})
        data = answer.json()
        outcome = outcome_of_answer(answer.status, data, answer.said, after=answer.after, hide=self.hide)
        return Called(outcome, data if isinstance(data, dict) else {})

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()
