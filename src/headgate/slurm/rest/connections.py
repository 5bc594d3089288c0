"""Connections to slurmrestd: kept for a moment, and never used for two users.

slurmrestd of 20.11 goes on as the first user of a connection, whatever token comes later. So each user who is acted for
has connections of their own.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import httpx2

from headgate.config.slurmrestd import RestSettings

_KEPT_SECONDS: Final = 2.0
"""So short that slurmrestd does not close one just when it is used again: nobody would know what became of that."""
_KEPT_EACH: Final = 8
_KEPT_USERS: Final = 32


@dataclass(slots=True)
class _Acting:
    """The connections of one user. ``under_way``: what is being asked by them."""

    client: httpx2.AsyncClient
    under_way: int = 0


class Connections:
    """All connections to one slurmrestd."""

    def __init__(self, settings: RestSettings) -> None:
        self._settings = settings
        own = settings.ca_file
        self._context = httpx2.create_ssl_context() if own is None else ssl.create_default_context(cafile=str(own))
        self._reading = self._made()
        self._acting: dict[str, _Acting] = {}

    async def aclose(self) -> None:
        """Close them all."""
        await self._reading.aclose()
        while self._acting:
            await self._acting.popitem()[1].client.aclose()

    @contextlib.asynccontextmanager
    async def of(self, user: str | None) -> AsyncIterator[httpx2.AsyncClient]:
        """Give what asks in the name of a user; None: what only reads."""
        if user is None:
            yield self._reading
            return
        acting = self._acting.pop(user, None) or _Acting(self._made())
        self._acting[user] = acting  # at the end: in the order in which they did something
        acting.under_way += 1
        try:
            yield acting.client
        finally:
            acting.under_way -= 1
            await self._forget_some()

    async def _forget_some(self) -> None:
        """Close those of users for whom nothing was done for the longest time, if there are many."""
        idle = [user for user, acting in self._acting.items() if not acting.under_way]
        for user in idle[: max(0, len(self._acting) - _KEPT_USERS)]:
            await self._acting.pop(user).client.aclose()

    def _made(self) -> httpx2.AsyncClient:
        settings = self._settings
        socket = settings.url.removeprefix("unix:") if settings.url.startswith("unix:") else None
        limits = httpx2.Limits(max_keepalive_connections=_KEPT_EACH, keepalive_expiry=_KEPT_SECONDS)
        return httpx2.AsyncClient(
            base_url="http://slurmrestd" if socket else settings.url,
            transport=httpx2.AsyncHTTPTransport(uds=socket, limits=limits) if socket else None,
            verify=self._context,
            timeout=settings.timeout,
            limits=limits,
            follow_redirects=False,
            trust_env=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )
