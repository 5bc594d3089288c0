"""Requests to Mattermost's API v4 (https://developers.mattermost.com/api-documentation/)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Unpack

from headgate.connectors.http import outcome_of_error
from headgate.connectors.mattermost.answers import outcome_of_answer
from headgate.connectors.mattermost.settings import MattermostSettings
from headgate.connectors.redaction import Redaction
from headgate.connectors.web_client import FAILURES, Given, WebClient
from headgate.errors import ConnectorError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Outcome, TryAgain

_MAX_ANSWER = 256 * 1024
"""Octets read of an answer; a user or a channel has a few thousand."""


class RefusedError(ConnectorError):
    """A request was not answered as asked. ``outcome``: what that means for the message it was made for."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("" if isinstance(outcome, Delivered) else outcome.detail)
        self.outcome = outcome
        self.transient = isinstance(outcome, TryAgain)


class MattermostClient:
    """One bot account's requests, over one pool of connections. Raises ConnectorError when ``ca_file`` is no good."""

    def __init__(self, settings: MattermostSettings) -> None:
        self.hide = Redaction([settings.token.get_secret_value()])
        self._client = WebClient(
            timeout=settings.timeout,
            connections=settings.concurrency + 2,
            ca_file=settings.ca_file,
            root=f"{settings.url}/api/v4/",
            headers={"Authorization": f"Bearer {settings.token.get_secret_value()}"},
            most=_MAX_ANSWER,
        )

    async def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Make a request with a JSON body, and return the JSON object it is answered with.

        Raises RefusedError for an error, a silence or a break, and for an answer that is no object.
        """
        outcome, data = await self._request(method, path, json=body)
        if isinstance(outcome, Delivered) and isinstance(data, dict):
            return data
        if isinstance(outcome, Delivered):
            outcome = TryAgain(Reason.BAD_ANSWER, "the answer is no JSON object")
        raise RefusedError(outcome)

    async def post(self, body: Mapping[str, object]) -> Outcome:
        """Make a post and say how it went. Raises nothing but CancelledError."""
        outcome, _ = await self._request("POST", "posts", json=body)
        return outcome

    async def upload(self, channel: str, name: str, data: bytes) -> str:
        """Upload a file to a channel and return its id. Raises RefusedError."""
        params = {"channel_id": channel, "filename": name}
        outcome, answer = await self._request("POST", "files", content=data, params=params)
        infos = answer.get("file_infos") if isinstance(answer, dict) else None
        found = infos[0].get("id") if isinstance(infos, list) and infos and isinstance(infos[0], dict) else None
        if not isinstance(found, str):
            raise RefusedError(TryAgain(Reason.BAD_ANSWER, "the answer names no file") if answer else outcome)
        return found

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _request(self, method: str, path: str, **given: Unpack[Given]) -> tuple[Outcome, object]:
        try:
            answer = await self._client.exchange(method, path, **given)
        except FAILURES as error:
            return outcome_of_error(error, self.hide), None
        data = answer.json()
        outcome = outcome_of_answer(answer.status, answer.headers, data, answer.said, now=time.time(), hide=self.hide)
        return outcome, data
