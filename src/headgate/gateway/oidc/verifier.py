"""Is this token good, and who is it? Everything a token says is hostile until its signature was checked.

Sources: RFC 7519 (claims), RFC 8725 (what goes wrong with tokens), RFC 9068 (access tokens).
"""

from __future__ import annotations

import json
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

from headgate.config.oidc import OidcProviderSettings
from headgate.gateway.oidc.discovery import Discovery
from headgate.gateway.oidc.keys import KeysUnavailableError, ProviderKeys
from headgate.gateway.refusals import NotAllowedError, UnavailableError, UnknownAppError

_LONGEST: Final = 16 * 1024
_LONGEST_CLAIM: Final = 256
_MOST_GROUPS: Final = 1000
_LATEST: Final = 1e12
"""Seconds since the epoch; what is later is no moment."""
_ACCOUNT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
_FORM: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_KEY_TYPES: Final[Mapping[str, str]] = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
ID_TOKEN: Final = frozenset({"", "jwt"})
"""What ``typ`` of a token that says who signed in may be: an access token is none."""
ACCESS_TOKEN: Final = ID_TOKEN | {"at+jwt", "application/at+jwt"}


class TokenRefusedError(UnknownAppError):
    """A bearer token is not good."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a token is: the Unix account, and the groups that the provider says."""

    account: str
    groups: frozenset[str] = frozenset()


class OidcVerifier:
    """Verifies tokens of one provider."""

    def __init__(
        self,
        settings: OidcProviderSettings,
        *,
        types: frozenset[str] = ACCESS_TOKEN,
        discovery: Discovery | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``types``: what ``typ`` of a token may be, in small letters; empty for none."""
        self._settings = settings
        self._types = types
        self._clock = clock
        self._keys = ProviderKeys(settings, discovery=discovery)

    async def verify(self, token: str) -> str:
        """Return the Unix account of the token's holder. Raises what ``holder`` does."""
        return (await self.holder(token)).account

    async def holder(self, token: str) -> Holder:
        """Return whose a token is.

        Raises TokenRefusedError for a token that is not good, NotAllowedError for somebody who has no account,
        UnavailableError while the provider's keys cannot be had.
        """
        claims = await self.claims(token)
        return Holder(account_of(claims, self._settings), groups_in(claims, self._settings))

    async def claims(self, token: str) -> dict[str, Any]:
        """Return what a good token says. Raises TokenRefusedError and UnavailableError, as ``holder``."""
        kid, algorithm = self._header(token)
        try:
            key = await self._keys.key(kid)
        except KeysUnavailableError as error:
            raise UnavailableError("the identity provider cannot be reached now; try again in a while") from error
        fits = key is not None and key.key_type == _KEY_TYPES[algorithm[:2]] and key.alg in (None, algorithm)
        if key is None or not fits:
            raise TokenRefusedError("the token was signed by a key that the identity provider does not have")
        return self._claims(token, key, algorithm)

    async def aclose(self) -> None:
        """Close connections."""
        await self._keys.aclose()

    def _header(self, token: str) -> tuple[str, str]:
        """Return by which key and algorithm a token says it was signed. Nothing of this is believed yet."""
        if len(token) > _LONGEST or not token.isascii():
            raise TokenRefusedError("the token is longer than a token is, or no token")
        try:
            header = json.loads(_decoded(token)[0])
        except (ValueError, RecursionError):
            header = None
        if not isinstance(header, dict):
            raise TokenRefusedError("this is no token")
        kid, algorithm, type_ = header.get("kid"), header.get("alg"), header.get("typ", "")
        if algorithm not in self._settings.algorithms:
            raise TokenRefusedError("the token is signed in a way that is not accepted")
        if not isinstance(kid, str) or len(kid) > _LONGEST_CLAIM:
            raise TokenRefusedError("the token does not say by which key it was signed")
        if not isinstance(type_, str) or type_.lower() not in self._types or "crit" in header:
            raise TokenRefusedError("the token is of another kind")
        return kid, str(algorithm)

    def _claims(self, token: str, key: Key, algorithm: str) -> dict[str, Any]:
        """Return what the token says, once its signature was checked, and whether it is for us, now."""
        try:
            claims = jwt.decode(token, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, RecursionError) as error:
            raise TokenRefusedError("the token's signature is wrong") from error
        own, now = self._settings, self._clock()
        if claims.get("iss") != own.issuer:
            raise TokenRefusedError("the token is of another issuer")
        audience = claims.get("aud")
        if own.meant_for() not in (audience if isinstance(audience, list) else [audience]):
            raise TokenRefusedError("the token is for another audience")
        expires = _moment(claims.get("exp"))
        if expires is None or expires + own.leeway <= now:
            raise TokenRefusedError("the token has expired")
        for name in ("nbf", "iat"):
            if name in claims:
                begins = _moment(claims[name])
                if begins is None or begins - own.leeway > now:
                    raise TokenRefusedError("the token is not good yet")
        return claims


def account_of(claims: Mapping[str, Any], settings: OidcProviderSettings) -> str:
    """Return the Unix account a token's claim stands for. Raises TokenRefusedError, NotAllowedError."""
    claim = claims.get(settings.claim)
    if not isinstance(claim, str) or not 0 < len(claim) <= _LONGEST_CLAIM:
        raise TokenRefusedError(f"the token has no claim {settings.claim}")
    account = settings.users.get(claim)
    if account is None:
        found = re.fullmatch(settings.pattern, claim)
        account = found[1] if found and found.re.groups else found[0] if found else None
    if account is None or not _ACCOUNT.fullmatch(account) or account.lower() == "root":
        raise NotAllowedError("the token is good, but its holder has no account here")
    return account


def groups_in(claims: Mapping[str, Any], settings: OidcProviderSettings) -> frozenset[str]:
    """Return the groups a token names; none for a claim of another form."""
    claim = claims.get(settings.groups_claim)
    named = claim[:_MOST_GROUPS] if isinstance(claim, list) else [claim]
    return frozenset(one for one in named if isinstance(one, str) and 0 < len(one) <= _LONGEST_CLAIM)


def _decoded(token: str) -> list[bytes]:
    """Return a token's three parts. Raises ValueError for what is none, or could have been written in another way."""
    if not _FORM.fullmatch(token):
        raise ValueError("this is no token")
    parts = token.split(".")
    decoded = [urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts]
    if [urlsafe_b64encode(part).decode().rstrip("=") for part in decoded] != parts:
        raise ValueError("bits that mean nothing are not zero")
    return decoded


def _moment(value: object) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and abs(value) < _LATEST else None  # type: ignore[arg-type]
