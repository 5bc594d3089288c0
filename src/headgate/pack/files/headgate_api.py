"""Headgate's REST API, as far as this pack needs it. Python 3.8 or newer, standard library only.

Redirects are not followed and the environment's proxies are not used: the token goes to the configured address only.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

CONNECT_TIMEOUT = 30.0
STREAM_TIMEOUT = 60.0
"""Seconds of silence after which a stream counts as broken; Headgate says every few seconds that it is there."""
MOST_BYTES = 64 * 1024 * 1024
"""Of one answer, or of one event."""
PIECE = 1024 * 1024
OK = 200
NO_ANSWER = 0
BLANK = re.compile(r"\A ")


class ApiError(Exception):
    """Headgate refused, or did not answer (``status`` 0). The message holds no secrets."""

    def __init__(self, message: str, status: int = NO_ANSWER) -> None:
        """Keep what was said."""
        super().__init__(message)
        self.status = status


class Sent(NamedTuple):
    """Something of a stream. ``number``: what to go on behind; ``trigger`` is empty if that is all it says."""

    number: str
    trigger: str
    payload: Mapping[str, Any]


class Api:
    """Headgate's API."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Take the pack's configuration. Raises ApiError if it will not do."""
        address, token = str(config.get("url") or ""), str(config.get("token") or "")
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc:
            raise ApiError("the pack's configuration needs url, such as https://headgate.example.org")
        if not token or not token.isascii() or not token.isprintable():
            raise ApiError("the pack's configuration needs token, one of a Headgate app")
        self._secure = parts.scheme == "https"
        self._host, self._port, self._base = host, port, parts.path.rstrip("/")
        self._token = token
        self._ca_file = config.get("ca_file") or None

    def run(self, action: str, parameters: Mapping[str, Any], why: str, *, dry_run: bool) -> Mapping[str, Any]:
        """Run an action; return Headgate's answer: ``ok``, ``error``, ``result``. Raises ApiError."""
        body = json.dumps({"parameters": dict(parameters), "why": why, "dry_run": dry_run}).encode()
        # How long an action takes is its own affair; StackStorm ends this process after the runner's timeout.
        with closing(self._connection()) as connection:
            answer = self._ask(connection, "POST", "/actions/" + action, body, timeout=None)
            found = _json(_read(answer))
        if not isinstance(found, dict) or "ok" not in found:
            raise ApiError("this is not what Headgate answers; is url right?")
        return found

    def follow(self, types: Sequence[str], after: str | None) -> Iterator[Sent]:
        """Yield triggers of these types as they come, behind a number (None: from now on). Raises ApiError."""
        query = urlencode([("type", one) for one in types])
        with closing(self._connection()) as connection:
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": after} if after else {})}
            answer = self._ask(connection, "GET", "/triggers?" + query, None, headers, timeout=STREAM_TIMEOUT)
            yield from _events(answer)

    def _connection(self) -> http.client.HTTPConnection:
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=CONNECT_TIMEOUT)
        try:
            trust = ssl.create_default_context(cafile=self._ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ApiError(f"the certificates in {self._ca_file} cannot be read") from error
        return http.client.HTTPSConnection(self._host, self._port, timeout=CONNECT_TIMEOUT, context=trust)

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float | None,
    ) -> http.client.HTTPResponse:
        own = {"X-Auth-Token": self._token, "Accept": "application/json", **(headers or {})}
        if body is not None:
            own["Content-Type"] = "application/json"
        try:
            connection.connect()
            connection.sock.settimeout(timeout)
            connection.request(method, self._base + path, body, own)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"Headgate does not answer: {_words(error)}") from error
        if answer.status != OK:
            raise ApiError(_refusal(answer), answer.status)
        return answer


def _events(answer: http.client.HTTPResponse) -> Iterator[Sent]:
    """Read server-sent events (WHATWG HTML, section 9.2): ``id`` counts though there are no ``data``."""
    fields: dict[str, str] = {}
    while True:
        line = _line(answer)
        if line:
            name, _, value = line.partition(":")
            value = BLANK.sub("", value, count=1)
            fields[name] = fields["data"] + "\n" + value if name == "data" and "data" in fields else value
            continue
        if "data" in fields:
            payload = _json(fields["data"].encode())
            yield Sent(fields.get("id", ""), fields.get("event", ""), payload if isinstance(payload, dict) else {})
        elif "id" in fields:
            yield Sent(fields["id"], "", {})
        fields = {}


def _line(answer: http.client.HTTPResponse) -> str:
    try:
        line = answer.readline(MOST_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ApiError(f"the stream broke off: {_words(error)}") from error
    if not line.endswith(b"\n"):
        raise ApiError("the stream broke off")
    return line.rstrip(b"\r\n").decode("utf-8", "replace")


def _read(answer: http.client.HTTPResponse) -> bytes:
    body = b""
    try:
        while len(body) <= MOST_BYTES:
            piece = answer.read(PIECE)
            if not piece:
                break
            body += piece
    except (OSError, http.client.HTTPException) as error:
        raise ApiError(f"Headgate's answer broke off: {_words(error)}") from error
    if len(body) > MOST_BYTES:
        raise ApiError(f"Headgate's answer is larger than {MOST_BYTES} bytes")
    if answer.length:
        raise ApiError("Headgate's answer broke off")
    return body


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _refusal(answer: http.client.HTTPResponse) -> str:
    """Return what a problem (RFC 9457) says."""
    found = _json(_read(answer))
    said = found.get("detail") or found.get("title") if isinstance(found, dict) else None
    return str(said) if said else f"HTTP status {answer.status} {answer.reason}"


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
