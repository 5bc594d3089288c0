"""The door to the homeserver: one call of the client-server API (v3) at a time, bounded in time and size."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Unpack
from urllib.parse import quote

from headgate.connectors.http import outcome_of_error
from headgate.connectors.matrix.answers import RefusedError, Reply, refused
from headgate.connectors.matrix.identifiers import is_user
from headgate.connectors.matrix.settings import MatrixSettings
from headgate.connectors.redaction import Redaction
from headgate.connectors.web_client import FAILURES, Given, WebClient
from headgate.notify.connector import GiveUp, TryAgain

MAX_ANSWER = 1 << 20
"""Octets read of an answer."""
_UPLOADED = 16 * 1024
"""Octets read of an answer to an upload."""


class Homeserver:
    """One account on one homeserver. Raises ConnectorError when made with authorities that cannot be read."""

    def __init__(self, settings: MatrixSettings) -> None:
        token = settings.token.get_secret_value()
        self.hide = Redaction([token, *([settings.proxy.get_secret_value()] if settings.proxy else [])])
        self._base = f"{settings.homeserver}/_matrix/client/v3/"
        self._media = f"{settings.homeserver}/_matrix/media/v3/upload"
        self._user = ""
        self._client = WebClient(
            timeout=settings.timeout,
            connections=settings.concurrency + 4,
            ca_file=settings.ca_file,
            proxy=settings.proxy,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )

    async def ask(
        self,
        method: str,
        *path: str,
        content: object = None,
        query: Mapping[str, str] | None = None,
        limit: int = MAX_ANSWER,
        longer: float = 0.0,
    ) -> Reply:
        """Make a call: ``path`` in parts, as they are called. ``longer``: seconds it may take beyond the timeout.

        Raises RefusedError when there is no answer; an answer that refuses is returned.
        """
        url = self._base + "/".join(quote(part, safe="") for part in path)
        given: Given = {"params": query}
        if content is not None:
            given["content"] = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
        return await self._exchange(method, url, "application/json", limit, longer, **given)

    async def snapshot(self, about: str, limit: int) -> Reply:
        """Ask ``/sync`` for how things are now, with a filter. Raises RefusedError."""
        # Synapse answers the same question from a cache for two minutes. Without `since`, nothing waits for the
        # timeout, so that it can serve to make each question another one.
        query = {"filter": about, "timeout": str(secrets.randbelow(1_000_000))}
        return await self.ask("GET", "sync", query=query, limit=limit)

    async def upload(self, data: bytes, kind: str, name: str) -> Reply:
        """Store a file (``POST /_matrix/media/v3/upload``); its answer has the ``content_uri``. Raises RefusedError."""
        return await self._exchange("POST", self._media, kind, content=data, params={"filename": name})

    async def user(self) -> str:
        """Return the account's user id; it is asked for once. Raises RefusedError."""
        if not self._user:
            reply = await self.ask("GET", "account", "whoami")
            user = reply.content.get("user_id")
            if not reply.ok or not isinstance(user, str) or not is_user(user):
                raise RefusedError(refused(reply, self.hide, "whoami"))
            self._user = user
        return self._user

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _exchange(
        self,
        method: str,
        url: str,
        kind: str,
        limit: int = _UPLOADED,
        longer: float = 0.0,
        **given: Unpack[Given],
    ) -> Reply:
        headers = {"Content-Type": kind} if "content" in given else {}
        try:
            answer = await self._client.exchange(method, url, headers=headers, most=limit, longer=longer, **given)
            if answer.failure is not None:
                raise answer.failure
        except FAILURES as error:
            outcome = outcome_of_error(error, self.hide)
            assert isinstance(outcome, TryAgain | GiveUp)  # noqa: S101 - no error is a success
            raise RefusedError(outcome) from error
        content = answer.json() if answer.whole else None
        if not isinstance(content, dict):
            return Reply(answer.status, {}, answer.after, readable=False)
        return Reply(answer.status, content, answer.after)
