"""Webhooks of apps: a connector of the gateway's own, whose targets are what apps registered.

It sends one event at a time, signed; the queue does the rest, as for every connector: order, retries, dead letters.
"""

from __future__ import annotations

import fnmatch
import json
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from headgate.connectors.http import outcome_of_error, outcome_of_status
from headgate.connectors.redaction import Redaction
from headgate.connectors.web_client import FAILURES, WebClient
from headgate.connectors.webhook.payload import IDEMPOTENCY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from headgate.errors import StoreError
from headgate.gateway.following import HOOKS, app_event
from headgate.gateway.refusals import BadRequestError
from headgate.model.delivery import Reason
from headgate.model.event import EventKind
from headgate.model.submission import Hook
from headgate.notify.connector import Commit, Envelope, GiveUp, Outcome, TryAgain
from headgate.store import hooks
from headgate.store.store import Store

_TIME_FOR_TEXT: Final = 2.0
_LEAST_SECRET: Final = 16


class HookConnector:
    """Posts events to apps' webhooks. Raises ConnectorError when made with authorities that cannot be read."""

    name = HOOKS
    repeat_safe = True
    """Apps are given the key by which they know an event again."""
    wants_events = True

    def __init__(
        self, store: Store, hosts: Sequence[str], *, ca_file: Path | None, timeout: float, connections: int
    ) -> None:
        """``hosts``: patterns of those that may be named."""
        self._store = store
        self._hosts = tuple(hosts)
        self._client = WebClient(
            timeout=timeout, connections=connections, ca_file=ca_file, time_for_body=_TIME_FOR_TEXT
        )

    def check_target(self, target: str) -> str:
        """Return the target: the webhook's id."""
        return target

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Post once and say how it went."""
        try:
            hook = await self._store.read(lambda connection: hooks.get(connection, envelope.target))
        except StoreError as error:
            return TryAgain(Reason.INTERNAL_ERROR, error.message)
        if hook is None:
            return GiveUp(Reason.TARGET_REFUSED, "the app has removed this webhook")
        if not host_allowed(hook.url, self._hosts):
            return GiveUp(Reason.TARGET_REFUSED, "the administrators do not allow this webhook's host any more")
        submission = str(envelope.message.fields.get("submission", ""))
        body = json.dumps(
            {"version": 1, "events": [app_event(event, submission) for event in envelope.events]},
            separators=(",", ":"),
        ).encode()
        await commit()
        hide = Redaction([hook.url, hook.secret])
        try:
            answer = await self._client.exchange("POST", hook.url, content=body, headers=_headers(hook, body, envelope))
        except FAILURES as error:
            return outcome_of_error(error, hide)
        return outcome_of_status(answer.status, "", after=answer.after, hide=hide)

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()


def _headers(hook: Hook, body: bytes, envelope: Envelope) -> dict[str, str]:
    timestamp = int(time.time())
    return {
        "Content-Type": "application/json",
        IDEMPOTENCY_HEADER: envelope.key,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: sign(body, timestamp, hook.secret),
    }


def new_hook(
    app_id: str, url: str, secret: str, kinds: Sequence[str], *, user: str | None, hosts: Sequence[str], now: float
) -> Hook:
    """Return a webhook that an app may have. Raises BadRequestError."""
    parts = _split(url)
    if not host_allowed(url, hosts):
        may = ", ".join(hosts) or "none"
        raise BadRequestError(f"the host {parts[1][:100]!a} is not among those that webhooks may name ({may})")
    if len(secret) < _LEAST_SECRET or not secret.isascii() or not secret.isprintable():
        raise BadRequestError(f"a webhook's secret has at least {_LEAST_SECRET} printable ASCII characters")
    known = [kind.value for kind in EventKind if kind.value.startswith("job.")]
    for kind in kinds:
        if kind not in known and not (kind.endswith("*") and any(one.startswith(kind[:-1]) for one in known)):
            raise BadRequestError(f"there is no event {kind[:64]!a}; there are: {', '.join(known)}")
    return Hook(str(uuid.uuid4()), app_id, user, url, secret, tuple(kinds), now)


def host_allowed(url: str, hosts: Sequence[str]) -> bool:
    """Whether an address names a host that a pattern matches (``portal.example.org``, ``*.example.org``)."""
    host = _split(url)[1]
    return any(fnmatch.fnmatchcase(host, pattern.lower()) for pattern in hosts)


def _split(url: str) -> tuple[str, str]:
    """Return scheme and host. Raises BadRequestError for what is no web address, or holds a name or password."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        fine = parts.scheme in ("http", "https") and bool(host) and parts.port != 0 and not parts.fragment
    except ValueError:
        fine = False
        host = ""
        parts = urlsplit("")
    if not fine or parts.username or parts.password or not url.isascii() or not url.isprintable() or " " in url:
        raise BadRequestError("a webhook's address begins with https:// or http://, and holds no name or password")
    return parts.scheme, host
