"""Who may ask a fake GitHub: App tokens checked with its public key, and installation tokens that expire."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from headgate.testing.github.world import Installation

_DRIFT: Final = 60.0
"""Seconds by which a clock may be ahead: "Generating a JSON Web Token (JWT) for a GitHub App"."""
_LONGEST: Final = 600.0
"""Seconds an App's token may be good for: the same."""


class Refusal(Exception):  # noqa: N818 - it is an answer
    """An answer that refuses."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


@dataclass(frozen=True, slots=True)
class Token:
    """An installation's token."""

    text: str
    installation: Installation
    expires_at: float
    permissions: Mapping[str, str]


class Access:
    """The keys of one App.

    ``clock``: seconds since the epoch, by which installations' tokens expire. ``lifetime``: seconds they are good for.
    The App's own tokens are judged by the real time, which whoever signs them goes by.
    """

    def __init__(self, app_id: int, clock: Callable[[], float], lifetime: float) -> None:
        self._app_id = app_id
        self._clock = clock
        self.lifetime = lifetime
        self._key = RSAKey.generate_key(2048, private=True)
        self.tokens: dict[str, Token] = {}

    def private_key(self) -> str:
        """Return the App's private key (PEM)."""
        return self._key.as_pem(private=True).decode()

    def app(self, authorization: str) -> None:
        """Check that a request is the App's own. Raises Refusal."""
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Refusal(401, "A JSON web token could not be decoded")
        try:
            token = jwt.decode(text, RSAKey.import_key(self._key.as_pem(private=False)), algorithms=["RS256"])
        except (JoseError, ValueError):
            raise Refusal(401, "A JSON web token could not be decoded") from None
        self._claims(token.claims)

    def grant(self, installation: Installation) -> Token:
        """Make a token of an installation."""
        if installation.suspended:
            raise Refusal(403, "This installation has been suspended")
        text = "ghs_" + secrets.token_urlsafe(27)
        until = float(int(self._clock() + self.lifetime))
        made = self.tokens[text] = Token(text, installation, until, dict(installation.permissions))
        return made

    def installation(self, authorization: str) -> Token:
        """Return the token a request shows. Raises Refusal."""
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() == "basic":
            text = _password(text)
        elif scheme.lower() not in {"token", "bearer"}:
            raise Refusal(401, "Requires authentication")
        token = self.tokens.get(text)
        if token is None or token.expires_at <= self._clock() or token.installation.suspended:
            raise Refusal(401, "Bad credentials")
        return token

    def revoke(self) -> None:
        """Make every installation's token bad at once, as when somebody takes them back."""
        self.tokens.clear()

    def _claims(self, claims: Mapping[str, Any]) -> None:
        now = time.time()
        if str(claims.get("iss")) != str(self._app_id):
            raise Refusal(401, "Integration must generate a public key")
        issued, until = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or issued > now + _DRIFT:
            raise Refusal(401, "'Issued at' claim ('iat') must be an Integer representing the time of the assertion")
        if not isinstance(until, int) or until <= now:
            raise Refusal(401, "'Expiration time' claim ('exp') must be a numeric value in the future")
        if until > now + _LONGEST:
            raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")


def needs(token: Token, *one_of: str) -> None:
    """Check that a token has one of these permissions (``issues=write``). Raises Refusal that names them."""
    for wanted in one_of:
        name, _, level = wanted.partition("=")
        if token.permissions.get(name) in {"write", level}:
            return
    told = {"X-Accepted-GitHub-Permissions": "; ".join(one_of)}
    raise Refusal(403, "Resource not accessible by integration", told)


def _password(text: str) -> str:
    try:
        name, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return ""
    return password if name == "x-access-token" else ""
