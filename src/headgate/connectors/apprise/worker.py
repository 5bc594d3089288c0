"""``python -m headgate.connectors.apprise.worker``: send notifications by Apprise, one line of JSON for each.

A process of its own, since Apprise blocks, reads answers of any size, and cannot be stopped once it has begun: this
one can. It is told what to send on its standard input, so that no address is seen in a list of processes; its reports
go to its standard output; it ends when its input ends.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import apprise
import requests
import urllib3

from headgate.connectors.apprise.loading import load_services
from headgate.connectors.apprise.report import Report, Trouble

MAX_ANSWER = 256 * 1024
"""Octets read of an answer."""
_SAID = 1000
"""Characters of an answer that are reported."""
_IDEMPOTENCY_HEADER = "Idempotency-Key"
_send = requests.Session.send


@dataclass(slots=True)
class Observed:
    """What happened while one notification was sent."""

    failed: Report | None = None
    logged: list[str] = field(default_factory=list)

    def report(self, *, delivered: bool) -> Report:
        """Return the report; a later failure tells more than an earlier one."""
        if delivered:
            return Report(delivered=True)
        words = "; ".join(self.logged)[:_SAID]
        return self.failed or Report(delivered=False, said=words)


class _Words(logging.Handler):
    """Keeps what Apprise warns of."""

    def __init__(self, observed: Observed) -> None:
        super().__init__(logging.WARNING)
        self._observed = observed

    def emit(self, record: logging.LogRecord) -> None:
        self._observed.logged.append(record.getMessage()[:_SAID])


def observing_send(observed: Observed, timeout: float) -> Any:
    """Return a ``requests.Session.send`` that notes how requests fail, and reads no more of an answer than it must."""

    def send(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        options["timeout"] = timeout
        try:
            response = _send(session, request, **{**options, "stream": True})
        except requests.RequestException as error:
            observed.failed = Report(delivered=False, trouble=trouble_of(error), said=type(error).__name__)
            raise
        _read(response, timeout)
        if not response.ok:
            said = (response.content or b"")[:_SAID].decode(errors="replace")
            after = (response.headers.get("Retry-After") or "")[:64] or None
            observed.failed = Report(delivered=False, status=response.status_code, after=after, said=said)
        return response

    return send


def _read(response: requests.Response, timeout: float) -> None:
    """Read the beginning of an answer, as far as it comes in time, and keep it as if it were all."""
    read, until = bytearray(), time.monotonic() + timeout
    try:
        while len(read) < MAX_ANSWER and time.monotonic() < until:
            piece = response.raw.read1(8192, decode_content=True)
            if not piece:
                break
            read += piece
    except (urllib3.exceptions.HTTPError, OSError):
        pass  # the status has come; what follows it changes nothing
    response._content = bytes(read)  # noqa: SLF001 - there is no other way to bound what requests reads
    response._content_consumed = True  # noqa: SLF001
    response.raw.close()


def trouble_of(error: BaseException) -> Trouble:
    """Say how a request failed, by the errors that an error of ``requests`` stands for."""
    if isinstance(error, requests.Timeout):
        return Trouble.TIMEOUT
    causes: list[object] = [error]
    for cause in causes:
        if isinstance(cause, ConnectionError):
            return Trouble.UNREACHABLE
        if isinstance(cause, http.client.HTTPException | requests.exceptions.ContentDecodingError):
            return Trouble.NONSENSE
        if isinstance(cause, BaseException) and len(causes) < 32:  # noqa: PLR2004 (no error is nested deeper)
            causes += [*cause.args, getattr(cause, "reason", None)]
    return Trouble.UNREACHABLE


def notify(job: dict[str, Any]) -> Report:
    """Send one notification. ``job``: url, title, body, form, type, key, timeout."""
    observed = Observed()
    words = _Words(observed)
    log = logging.getLogger("apprise")
    log.addHandler(words)
    requests.Session.send = observing_send(observed, job["timeout"])  # type: ignore[method-assign]
    try:
        plugin = apprise.Apprise.instantiate(job["url"], suppress_exceptions=True)
        if plugin is None:
            return observed.report(delivered=False)
        plugin.request_rate_per_sec = 0.0  # Headgate's pipeline keeps the pace
        plugin.socket_connect_timeout = plugin.socket_read_timeout = job["timeout"]
        headers = getattr(plugin, "headers", None)
        if isinstance(headers, dict):  # json://, xml://, form://: the site's own endpoints
            headers[_IDEMPOTENCY_HEADER] = job["key"]
        form = apprise.NotifyFormat(job["form"])
        kind = apprise.NotifyType(job["type"])
        delivered = plugin.notify(
            body=job["body"], title=job["title"], notify_type=kind, body_format=form, body_passthrough=False
        )
        return observed.report(delivered=bool(delivered))
    except Exception as error:  # noqa: BLE001 - a plugin may fail in any way, and the next message is another's
        observed.logged.append(f"{type(error).__name__} in Apprise")
        return observed.report(delivered=False)
    finally:
        log.removeHandler(words)


def serve(jobs: BinaryIO, reports: BinaryIO) -> None:
    """Say that we are ready, then send what comes until nothing more does."""
    load_services()
    reports.write(b"ready\n")
    reports.flush()
    for line in jobs:
        reports.write(notify(json.loads(line)).written())
        reports.flush()


def main() -> None:
    """Keep standard output for reports: whatever a plugin prints goes nowhere."""
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    log = logging.getLogger("apprise")
    log.setLevel(logging.WARNING)
    log.propagate = False
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    serve(sys.stdin.buffer, reports)


if __name__ == "__main__":
    main()
