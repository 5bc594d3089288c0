"""The provider's keys: found by discovery, kept for a while, fetched again when a token names one that is new.

Source: RFC 7517. How the provider is asked is in ``discovery.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import httpx2
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from headgate.config.oidc import OidcProviderSettings
from headgate.gateway.oidc.discovery import Discovery, ProviderError

_log = structlog.get_logger(__name__)
_MOST_KEYS: Final = 100
_SHORT: Final = 1.0
"""Seconds for which somebody whose key is known waits for newer ones."""


class KeysUnavailableError(ProviderError):
    """The provider's keys cannot be had now. The text is for the log."""


class ProviderKeys:
    """Keeps the provider's public keys. One fetch serves all who wait for it."""

    def __init__(
        self,
        settings: OidcProviderSettings,
        *,
        discovery: Discovery | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._discovery = discovery or Discovery(settings)

    async def key(self, kid: str) -> Key | None:
        """Return the key a token names; None if the provider has none of that name.

        While the provider is away or slow, keys that were fetched before go on working, for `keys_grace` seconds.
        Raises KeysUnavailableError if there are none.
        """
        now = self._clock()
        stale = self._fetched_at is None or now - self._fetched_at > self._settings.keys_lifetime
        rested = self._tried_at is None or now - self._tried_at > self._settings.keys_pause
        if (stale or kid not in self._keys) and (rested or self._fetching is not None):
            await self._refresh(_SHORT if kid in self._keys and not self._outlived() else None)
        if self._outlived():
            raise KeysUnavailableError("the provider's keys were not found")
        return self._keys.get(kid)

    def _outlived(self) -> bool:
        """Whether there are no keys that may still be used."""
        longest = self._settings.keys_lifetime + self._settings.keys_grace
        return self._fetched_at is None or self._clock() - self._fetched_at > longest

    async def aclose(self) -> None:
        """Close connections."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])
        await self._discovery.aclose()

    async def _refresh(self, patience: float | None) -> None:
        """Fetch the keys, or wait with the others who do, for so many seconds at most."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch(), name="oidc keys")
            self._fetching.add_done_callback(self._fetched)
        await asyncio.wait([self._fetching], timeout=patience)

    def _fetched(self, _: asyncio.Task[None]) -> None:
        self._fetching = None
        self._tried_at = self._clock()

    async def _fetch(self) -> None:
        """Fetch the keys; what goes wrong is logged, and the keys that are there stay."""
        try:
            async with asyncio.timeout(self._settings.timeout * 2):
                found = keys_of(await self._discovery.json("GET", await self._address()))
        except (
            *(httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError),
            *(ProviderError, JoseError, ValueError, RecursionError),
        ) as error:
            _log.warning("oidc.keys_not_fetched", error=type(error).__name__, detail=str(error)[:200])
            return
        self._keys, self._fetched_at = found, self._clock()

    async def _address(self) -> str:
        return self._discovery.address(await self._discovery.document(), "jwks_uri")


def keys_of(document: dict[str, Any]) -> dict[str, Key]:
    """Return kid -> key of those that verify signatures. Two keys of one name are both left out.

    One that cannot be used is left out as well, and does not keep others from being used (RFC 7517, section 5).
    Raises KeysUnavailableError for what is no key set.
    """
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise KeysUnavailableError("the provider's key set holds no keys")
    if len(listed) > _MOST_KEYS:
        raise KeysUnavailableError(f"the provider's key set holds more than {_MOST_KEYS} keys")
    named = [one for one in listed if isinstance(one, dict) and isinstance(one.get("kid"), str)]
    times = Counter(one["kid"] for one in named)
    found = {one["kid"]: _key(one) for one in named if times[one["kid"]] == 1}
    return {kid: key for kid, key in found.items() if key is not None}


def _key(given: dict[str, Any]) -> Key | None:
    """Return a public key that verifies signatures, if it is one."""
    if given.get("kty") not in ("RSA", "EC", "OKP") or given.get("use", "sig") != "sig":
        return None
    uses = given.get("key_ops", ["verify"])
    if not isinstance(uses, list) or "verify" not in uses:
        return None
    # Parts of a private key have no place here; and were they there, they would not be needed.
    public = {name: value for name, value in given.items() if name not in ("d", "p", "q", "dp", "dq", "qi", "key_ops")}
    with contextlib.suppress(JoseError, ValueError, KeyError, TypeError, OverflowError):
        key: Key = import_key(public)
        return key
    return None
