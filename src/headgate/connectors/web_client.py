"""The HTTP client of connectors: one request, one answer, both bounded in time and size.

It follows no redirects, reads nothing of the environment and unpacks nothing. What an answer, or its absence, means for
a message is said by ``headgate.connectors.http``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

import httpx2
from pydantic import SecretStr

import headgate
from headgate.connectors.http import retry_after
from headgate.connectors.redaction import MAX_DETAIL
from headgate.connectors.tls import tls_context

FAILURES = (httpx2.HTTPError, TimeoutError)
"""How a request may end without an answer; ``headgate.connectors.http.outcome_of_error`` says what that means."""

# These log every request with its whole address, which may hold secrets; our own log says what is to be known.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """An answer whose status came."""

    status: int
    headers: Mapping[str, str]
    """Asked for names in any case."""
    body: bytes
    """Its beginning, as far as it came in time and may be read."""
    whole: bool
    """Whether the body is all of it."""
    failure: httpx2.HTTPError | TimeoutError | None
    """By what the body broke off."""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    @property
    def said(self) -> str:
        """The beginning of the body as text: more than a detail can hold."""
        return self.body[: MAX_DETAIL * 4].decode(errors="replace")

    @property
    def after(self) -> float | None:
        """Seconds to wait, from ``Retry-After``; None if it is not there."""
        return retry_after(self.headers.get("Retry-After"), time.time())

    def json(self) -> Any:
        """Return the body as JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Given(TypedDict, total=False):
    """What a request brings along, as httpx2 takes it."""

    content: bytes
    json: object
    files: Mapping[str, tuple[str | None, bytes, str]]
    params: Mapping[str, str] | None


class WebClient:
    """One pool of connections. Raises ConnectorError when made with authorities that cannot be read.

    ``timeout``: seconds for an answer's status, and for its body, unless ``time_for_body`` is less. ``connections``:
    at most. ``most``: octets read of an answer. ``root``: put before addresses that are none by themselves.
    """

    def __init__(
        self,
        *,
        timeout: float,
        connections: int,
        ca_file: Path | None = None,
        proxy: SecretStr | None = None,
        root: str = "",
        headers: Mapping[str, str] | None = None,
        most: int = 64 * 1024,
        time_for_body: float = math.inf,
        keepalive: float = 30.0,
    ) -> None:
        self._timeout = timeout
        self._most = most
        self._time_for_body = time_for_body
        # An answer is never unpacked: what is read is bounded, what it unpacks to is not.
        self._headers = {"User-Agent": f"headgate/{headgate.__version__}", "Accept-Encoding": "identity"}
        self._headers.update(headers or {})
        self._client = httpx2.AsyncClient(
            base_url=root,
            verify=tls_context(ca_file),
            timeout=timeout,
            limits=httpx2.Limits(max_connections=connections, keepalive_expiry=keepalive),
            follow_redirects=False,
            trust_env=False,
            proxy=proxy.get_secret_value() if proxy is not None else None,
        )

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        most: int | None = None,
        longer: float = 0.0,
        **given: Unpack[Given],
    ) -> WebAnswer:
        """Make a request once. The client's own headers stand over ``headers``.

        ``longer``: seconds it may take beyond the timeout. Raises one of ``FAILURES`` if no status comes; a body that
        breaks off after it is told of in the answer.
        """
        allowed = self._timeout + longer
        most = most or self._most
        every = httpx2.Headers(headers)
        every.update(self._headers)
        request = self._client.build_request(method, url, headers=every, timeout=allowed, **given)
        async with asyncio.timeout(allowed):
            response = await self._client.send(request, stream=True)
        try:
            body, failure = await _read(response, most, min(allowed, self._time_for_body))
        finally:
            await response.aclose()
        return WebAnswer(
            status=response.status_code,
            headers=response.headers,
            body=body[:most],
            whole=failure is None and len(body) <= most,
            failure=failure,
        )

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()


async def _read(
    response: httpx2.Response, most: int, seconds: float
) -> tuple[bytes, httpx2.HTTPError | TimeoutError | None]:
    """Read until the end, the bound or the failure; read to its end, a connection is kept."""
    read = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) > most:
                    break
    except FAILURES as failure:
        return bytes(read), failure
    return bytes(read), None
