"""What a provider says of itself, and how it is asked: bounded, without redirects, and only by the issuer's own name.

Source: OpenID Connect Discovery 1.0, section 4.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from headgate.config.oidc import OidcProviderSettings
from headgate.connectors.tls import tls_context

_MOST: Final = 512 * 1024
"""Bytes of an answer."""
_DISCOVERY: Final = "/.well-known/openid-configuration"


class ProviderError(Exception):
    """The provider does not answer as a provider does. The text is for the log, and holds nothing secret."""


class Discovery:
    """Asks one provider."""

    def __init__(self, settings: OidcProviderSettings) -> None:
        self._issuer = settings.issuer
        self._client = httpx2.AsyncClient(
            verify=tls_context(settings.ca_file), timeout=settings.timeout, follow_redirects=False, trust_env=False
        )

    async def document(self) -> dict[str, Any]:
        """Return what the provider says of itself. Raises ProviderError if it calls itself something else."""
        document = await self.json("GET", self._issuer.rstrip("/") + _DISCOVERY)
        if document.get("issuer") != self._issuer:
            raise ProviderError("the provider calls itself another issuer than the one that is configured")
        return document

    def address(self, document: Mapping[str, Any], name: str) -> str:
        """Return an address that the provider names. Raises ProviderError for none, or one that is not as safe."""
        address = document.get(name)
        wanted = urlsplit(self._issuer).scheme
        if not isinstance(address, str) or urlsplit(address).scheme not in ("https", wanted):
            raise ProviderError(f"the provider names no {name} that may be used")
        return address

    async def json(self, method: str, address: str, **asked: Any) -> dict[str, Any]:
        """Return a JSON object from there. Raises ProviderError, httpx2's errors, OSError, ValueError."""
        headers = {"Accept": "application/json", **asked.pop("headers", {})}
        async with self._client.stream(method, address, headers=headers, **asked) as answer:
            if answer.status_code != httpx2.codes.OK:
                raise ProviderError(f"the provider answered {answer.status_code}")
            data = bytearray()
            async for piece in answer.aiter_bytes():
                data += piece
                if len(data) > _MOST:
                    raise ProviderError(f"the provider's answer has more than {_MOST} bytes")
        document = json.loads(data)
        if not isinstance(document, dict):
            raise ProviderError("the provider's answer is no JSON object")
        return document

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()
