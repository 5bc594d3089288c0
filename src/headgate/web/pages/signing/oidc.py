"""Signing in at an OpenID Connect provider: the authorization code flow with PKCE, state and nonce.

Sources: OpenID Connect Core 1.0, section 3.1; RFC 7636 (PKCE), RFC 9207 (``iss`` in the answer), RFC 9700 (what goes
wrong), OpenID Connect RP-Initiated Logout 1.0.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx2
import structlog

from headgate.config.pages import PagesOidcSettings
from headgate.gateway.oidc.discovery import Discovery, ProviderError
from headgate.gateway.oidc.verifier import (
    ID_TOKEN,
    Holder,
    OidcVerifier,
    TokenRefusedError,
    account_of,
    groups_in,
)
from headgate.gateway.refusals import UnavailableError

_log = structlog.get_logger(__name__)
BACK: Final = "/ui/sign-in/oidc/back"
"""Where the provider sends people back to, below the pages' address."""
_LONGEST: Final = 4096
_AWAY: Final = (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError, ProviderError, ValueError, RecursionError)


def challenge_of(verifier: str) -> str:
    """Return what the provider is told of a PKCE verifier, which it is shown later (S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


class OidcSignIn:
    """Sends people to one provider, and finds out who comes back."""

    def __init__(self, settings: PagesOidcSettings, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """``url``: where the pages are, from outside."""
        self._settings = settings
        self._url = url
        self._clock = clock
        self._discovery = Discovery(settings)
        self._verifier = OidcVerifier(settings, types=ID_TOKEN, discovery=self._discovery)
        self._document: tuple[dict[str, Any], float] | None = None
        self._asking = asyncio.Lock()

    @property
    def name(self) -> str:
        """What people call the provider."""
        return self._settings.name

    async def begun_at(self, *, state: str, nonce: str, verifier: str) -> str:
        """Return the provider's address where somebody signs in. Raises UnavailableError."""
        try:
            address = self._discovery.address(await self._known(), "authorization_endpoint")
        except _AWAY as error:
            raise _unavailable(error) from error
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._url + BACK,
            "scope": " ".join(self._settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        return _with(address, asked)

    async def holder(self, code: str, *, issuer: str | None, nonce: str, verifier: str) -> Holder:
        """Return who came back with a code. ``issuer``: what the answer says of whose it is, if it does.

        Raises TokenRefusedError, NotAllowedError for somebody without an account, UnavailableError.
        """
        try:
            document = await self._known()
            if issuer is None and document.get("authorization_response_iss_parameter_supported") is True:
                raise TokenRefusedError("the answer does not say which provider it is of")
            if issuer is not None and not secrets.compare_digest(issuer.encode(), self._settings.issuer.encode()):
                raise TokenRefusedError("the answer is of another provider")
            if not 0 < len(code) <= _LONGEST:
                raise TokenRefusedError("the provider sent no code")
            tokens = await self._tokens(document, code, verifier)
            claims = await self._identity(tokens, nonce)
            claims = await self._completed(document, claims, tokens.get("access_token"))
        except _AWAY as error:
            raise _unavailable(error) from error
        return Holder(account_of(claims, self._settings), groups_in(claims, self._settings))

    async def left_at(self) -> str | None:
        """Return the provider's address where somebody signs out of everything; None if it has none, or is away."""
        try:
            document = await self._known()
            if "end_session_endpoint" not in document:
                return None
            address = self._discovery.address(document, "end_session_endpoint")
        except _AWAY:
            return None
        back = {"client_id": self._settings.client_id, "post_logout_redirect_uri": f"{self._url}/ui/sign-in"}
        return _with(address, back)

    async def aclose(self) -> None:
        """Close connections."""
        await self._verifier.aclose()

    async def _known(self) -> dict[str, Any]:
        """Return what the provider says of itself; what it said before, while it does not answer."""
        async with self._asking:
            known = self._document
            if known is not None and self._clock() - known[1] < self._settings.keys_lifetime:
                return known[0]
            try:
                document = await self._discovery.document()
            except _AWAY:
                if known is None:
                    raise
                document = known[0]
            self._document = (document, self._clock())
            return document

    async def _tokens(self, document: Mapping[str, Any], code: str, verifier: str) -> dict[str, Any]:
        """Give the code back for tokens. Raises TokenRefusedError, and what the provider's being away raises."""
        own = self._settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._url + BACK,
            "code_verifier": verifier,
        }
        headers: dict[str, str] = {}
        ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if own.client_secret is None:
            form["client_id"] = own.client_id
        elif isinstance(ways, list) and "client_secret_basic" not in ways:
            form |= {"client_id": own.client_id, "client_secret": own.client_secret.get_secret_value()}
        else:
            pair = f"{quote(own.client_id, safe='')}:{quote(own.client_secret.get_secret_value(), safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        address = self._discovery.address(document, "token_endpoint")
        try:
            return await self._discovery.json("POST", address, data=form, headers=headers)
        except ProviderError as error:
            _log.warning("oidc.code_not_taken", detail=str(error))
            raise TokenRefusedError("the provider did not take its own code back; sign in again") from error

    async def _identity(self, tokens: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Return what the provider says of who signed in, in this browser, just now. Raises TokenRefusedError."""
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise TokenRefusedError("the provider did not say who signed in")
        claims = await self._verifier.claims(token)
        given = claims.get("nonce")
        if not isinstance(given, str) or not secrets.compare_digest(given.encode(), nonce.encode()):
            raise TokenRefusedError("the token was not made for this sign-in")
        if not isinstance(claims.get("sub"), str) or "iat" not in claims:
            raise TokenRefusedError("the token does not say who signed in, or when")
        audience = claims.get("aud")
        several = isinstance(audience, list) and len(audience) > 1
        if claims.get("azp", None if several else self._settings.client_id) != self._settings.client_id:
            raise TokenRefusedError("the token was made for somebody else")
        return claims

    async def _completed(self, document: Mapping[str, Any], claims: dict[str, Any], access: object) -> dict[str, Any]:
        """Return the claims, with those that the provider tells only when asked about the user."""
        missing = {self._settings.claim, self._settings.groups_claim} - claims.keys()
        if not missing or not isinstance(access, str) or "userinfo_endpoint" not in document:
            return claims
        address = self._discovery.address(document, "userinfo_endpoint")
        told = await self._discovery.json("GET", address, headers={"Authorization": f"Bearer {access}"})
        if told.get("sub") != claims["sub"]:
            raise TokenRefusedError("the provider told of somebody else")
        return {**{name: told[name] for name in missing if name in told}, **claims}


def _with(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def _unavailable(error: BaseException) -> UnavailableError:
    _log.warning("oidc.provider_away", error=type(error).__name__, detail=str(error)[:200])
    return UnavailableError("the identity provider cannot be reached now; try again in a while")
