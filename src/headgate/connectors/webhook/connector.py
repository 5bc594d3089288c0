"""The webhook connector: one POST to a configured endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import ssl
import time

import httpx2

import headgate
from headgate.connectors.bounds import Bounds, within
from headgate.connectors.http import outcome_of_error, outcome_of_status, retry_after
from headgate.connectors.redaction import MAX_DETAIL, Redaction
from headgate.connectors.webhook.payload import (
    IDEMPOTENCY_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    body_of,
    sign,
)
from headgate.connectors.webhook.settings import Endpoint, WebhookSettings
from headgate.errors import ConnectorError, RecipientError
from headgate.model.delivery import Reason
from headgate.model.recipient import Recipient
from headgate.notify.connector import Commit, Envelope, GiveUp, Outcome

_BOUNDS = Bounds(value=2000, text=4000, log_lines=200, log_line=2000, digest=1000)
_MAX_ANSWER = 64 * 1024
"""Octets read of an answer; more says nothing we keep."""
_TIME_FOR_TEXT = 2.0
"""Seconds an answer's text may take once its status is known."""
_WORDS = re.compile(r"[\s/?&=;,:]+")
_LONG = 8
"""Characters from which on a word of an address may be a key."""

# These log every request with its whole address, which holds secrets; our own log says what is to be known.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class WebhookConnector:
    """Posts messages as JSON. Raises ConnectorError when made with authorities that cannot be read."""

    repeat_safe = True
    """Receivers are given the key by which they know a message again."""
    wants_events = True

    def __init__(self, name: str, settings: WebhookSettings) -> None:
        self.name = name
        self._endpoints = settings.endpoints
        self._timeout = settings.timeout
        self._redactions = {target: _redaction(endpoint) for target, endpoint in settings.endpoints.items()}
        self._client = _client(settings)

    def check_target(self, target: str) -> str:
        """Return the endpoint's name. Raises RecipientError for one that is not configured."""
        if target not in self._endpoints:
            raise RecipientError(f"connector {self.name} has no endpoint {target[:64]!a}")
        return target

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Post once and say how it went."""
        try:
            target = self.check_target(envelope.target)
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        message = within(envelope.message, _BOUNDS)
        recipient = str(Recipient(self.name, target))
        body = body_of(message, recipient=recipient, key=envelope.key, events=envelope.events)
        endpoint, hide = self._endpoints[target], self._redactions[target]
        await commit()
        try:
            return await self._post(endpoint, _headers(endpoint, body, envelope.key), body, hide)
        except (httpx2.HTTPError, TimeoutError) as error:
            return outcome_of_error(error, hide)

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _post(self, endpoint: Endpoint, headers: dict[str, str], body: bytes, hide: Redaction) -> Outcome:
        """Post, and take the status as the answer: what follows it, or does not, changes nothing."""
        request = self._client.build_request("POST", endpoint.url.get_secret_value(), content=body, headers=headers)
        async with asyncio.timeout(self._timeout):
            response = await self._client.send(request, stream=True)
        try:
            said = await _read(response, min(self._timeout, _TIME_FOR_TEXT))
        finally:
            await response.aclose()
        after = retry_after(response.headers.get("Retry-After"), time.time())
        return outcome_of_status(response.status_code, said, after=after, hide=hide)


def _headers(endpoint: Endpoint, body: bytes, key: str) -> dict[str, str]:
    timestamp = int(time.time())
    headers = {name: value.get_secret_value() for name, value in endpoint.headers.items()}
    headers |= {
        "Content-Type": "application/json",
        "User-Agent": f"headgate/{headgate.__version__}",
        # An answer is never unpacked: what is sent is bounded, what it unpacks to is not.
        "Accept-Encoding": "identity",
        IDEMPOTENCY_HEADER: key,
        TIMESTAMP_HEADER: str(timestamp),
    }
    if endpoint.secret is not None:
        headers[SIGNATURE_HEADER] = sign(body, timestamp, endpoint.secret.get_secret_value())
    return headers


async def _read(response: httpx2.Response, seconds: float) -> str:
    """Return the beginning of an answer's text, as far as it comes in time; read to its end, a connection is kept."""
    read = bytearray()
    with contextlib.suppress(httpx2.HTTPError, TimeoutError):
        async with asyncio.timeout(seconds):
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) > _MAX_ANSWER:
                    break
    return bytes(read[: MAX_DETAIL * 4]).decode(errors="replace")


def _redaction(endpoint: Endpoint) -> Redaction:
    """Hide the address, the headers' values and the key: whole, and every long word of them, since either is echoed."""
    url = endpoint.url.get_secret_value()
    path = url.partition("://")[2].partition("/")[2]
    whole = [url, path, *(value.get_secret_value() for value in endpoint.headers.values())]
    words = [word for text in whole for word in _WORDS.split(text.removeprefix(url)) if len(word) >= _LONG]
    secret = [endpoint.secret.get_secret_value()] if endpoint.secret else []
    return Redaction([*whole, *words, *secret])


def _client(settings: WebhookSettings) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        verify=_context(settings),
        timeout=settings.timeout,
        limits=httpx2.Limits(max_connections=settings.concurrency, keepalive_expiry=30.0),
        follow_redirects=False,
        trust_env=False,
        proxy=settings.proxy.get_secret_value() if settings.proxy else None,
    )


def _context(settings: WebhookSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise ConnectorError(f"ca_file {settings.ca_file} cannot be used: {error.strerror or error}") from error
