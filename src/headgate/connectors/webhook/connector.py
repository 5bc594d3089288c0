"""The webhook connector: one POST to a configured endpoint."""

from __future__ import annotations

import json
import re
import time
from html import escape

from headgate.connectors.bounds import within
from headgate.connectors.http import outcome_of_error, outcome_of_status
from headgate.connectors.payload import BOUNDS, body_of
from headgate.connectors.preview import page
from headgate.connectors.redaction import Redaction
from headgate.connectors.web_client import FAILURES, WebClient
from headgate.connectors.webhook.payload import (
    IDEMPOTENCY_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    sign,
)
from headgate.connectors.webhook.settings import Endpoint, WebhookSettings
from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.model.recipient import Recipient
from headgate.notify.connector import Commit, Envelope, GiveUp, Outcome, Rendition

_TIME_FOR_TEXT = 2.0
"""Seconds an answer's text may take once its status is known."""
_WORDS = re.compile(r"[\s/?&=;,:]+")
_STYLE = "pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12.5px; line-height: 1.4; }"
_LONG = 8
"""Characters from which on a word of an address may be a key."""


class WebhookConnector:
    """Posts messages as JSON. Raises ConnectorError when made with authorities that cannot be read."""

    repeat_safe = True
    """Receivers are given the key by which they know a message again."""
    wants_events = True

    def __init__(self, name: str, settings: WebhookSettings) -> None:
        self.name = name
        self._endpoints = settings.endpoints
        self._redactions = {target: _redaction(endpoint) for target, endpoint in settings.endpoints.items()}
        self._client = WebClient(
            timeout=settings.timeout,
            connections=settings.concurrency,
            ca_file=settings.ca_file,
            proxy=settings.proxy,
            time_for_body=_TIME_FOR_TEXT,
        )

    def check_target(self, target: str) -> str:
        """Return the endpoint's name. Raises RecipientError for one that is not configured."""
        if target not in self._endpoints:
            raise RecipientError(f"connector {self.name} has no endpoint {target[:64]!a}")
        return target

    def render(self, envelope: Envelope) -> Rendition:
        """Return the body that would be posted. Raises RecipientError for an unknown target."""
        body = json.loads(self._body(envelope, self.check_target(envelope.target)))
        shown = json.dumps(body, indent=2, ensure_ascii=False)
        html = page(f"POST to {envelope.target}", _STYLE, f"<pre>{escape(shown, quote=False)}</pre>")
        return Rendition(payload=shown, suffix=".json", html=html)

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Post once and say how it went."""
        try:
            target = self.check_target(envelope.target)
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        body = self._body(envelope, target)
        endpoint, hide = self._endpoints[target], self._redactions[target]
        await commit()
        try:
            return await self._post(endpoint, _headers(endpoint, body, envelope.key), body, hide)
        except FAILURES as error:
            return outcome_of_error(error, hide)

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    def _body(self, envelope: Envelope, target: str) -> bytes:
        message = within(envelope.message, BOUNDS)
        recipient = str(Recipient(self.name, target))
        return body_of(message, recipient=recipient, key=envelope.key, events=envelope.events)

    async def _post(self, endpoint: Endpoint, headers: dict[str, str], body: bytes, hide: Redaction) -> Outcome:
        """Post, and take the status as the answer: what follows it, or does not, changes nothing."""
        url = endpoint.url.get_secret_value()
        answer = await self._client.exchange("POST", url, content=body, headers=headers)
        return outcome_of_status(answer.status, answer.said, after=answer.after, hide=hide)


def _headers(endpoint: Endpoint, body: bytes, key: str) -> dict[str, str]:
    timestamp = int(time.time())
    headers = {name: value.get_secret_value() for name, value in endpoint.headers.items()}
    headers |= {
        "Content-Type": "application/json",
        IDEMPOTENCY_HEADER: key,
        TIMESTAMP_HEADER: str(timestamp),
    }
    if endpoint.secret is not None:
        headers[SIGNATURE_HEADER] = sign(body, timestamp, endpoint.secret.get_secret_value())
    return headers


def _redaction(endpoint: Endpoint) -> Redaction:
    """Hide the address, the headers' values and the key: whole, and every long word of them, since either is echoed."""
    url = endpoint.url.get_secret_value()
    path = url.partition("://")[2].partition("/")[2]
    whole = [url, path, *(value.get_secret_value() for value in endpoint.headers.values())]
    words = [word for text in whole for word in _WORDS.split(text.removeprefix(url)) if len(word) >= _LONG]
    secret = [endpoint.secret.get_secret_value()] if endpoint.secret else []
    return Redaction([*whole, *words, *secret])
