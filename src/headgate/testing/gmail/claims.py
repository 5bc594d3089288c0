"""The signed claim of a service account, checked as Google checks it. Pure.

Sources: "Using OAuth 2.0 for Server to Server Applications" (the claim set, error codes), RFC 7515, RFC 7523.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE = "https://oauth2.googleapis.com/token"
"""Whom claims are for, always."""
_LONGEST = 3600
_SKEW = 300


class RefusedError(Exception):
    """A claim is refused: ``code`` and ``description`` are what the token endpoint says."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code, self.description = code, description


@dataclass(frozen=True, slots=True)
class PlayedAccount:
    """A service account: ``scopes`` may be used for ``users``, by delegation."""

    email: str
    key: rsa.RSAPrivateKey
    key_id: str
    scopes: frozenset[str]
    users: frozenset[str]

    def key_file(self, token_url: str) -> str:
        """Return the key as the JSON that Google gives."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "played",
                "private_key_id": self.key_id,
                "private_key": pem.decode(),
                "client_email": self.email,
                "client_id": "100000000000000000000",
                "token_uri": token_url,
            }
        )


def new_account(scopes: frozenset[str], users: frozenset[str]) -> PlayedAccount:
    """Make an account with a new key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return PlayedAccount(
        "headgate@played.iam.gserviceaccount.com", key, "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567", scopes, users
    )


def check(assertion: str, account: PlayedAccount, now: float) -> str:
    """Return the user for whom a claim asks. Raises RefusedError as Google would."""
    head, claims = _verified(assertion, account)
    if head.get("alg") != "RS256" or head.get("kid") != account.key_id or claims.get("iss") != account.email:
        raise RefusedError("invalid_grant", "Invalid grant: account not found")
    if claims.get("aud") != AUDIENCE:
        raise RefusedError("invalid_grant", "Invalid JWT: Failed audience check.")
    _check_times(claims, now)
    scopes = claims.get("scope")
    if not isinstance(scopes, str) or not scopes:
        raise RefusedError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    if set(scopes.split()) - account.scopes:
        raise RefusedError(
            "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of "
            "the scopes requested.",
        )
    if claims.get("sub") not in account.users:
        raise RefusedError("invalid_grant", "Invalid email or User ID")
    return str(claims["sub"])


def _verified(assertion: str, account: PlayedAccount) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        head, claims, signature = assertion.split(".")
        account.key.public_key().verify(
            _bytes(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        return json.loads(_bytes(head)), json.loads(_bytes(claims))
    except InvalidSignature:
        raise RefusedError("invalid_grant", "Invalid JWT Signature.") from None
    except ValueError:
        raise RefusedError("invalid_request", "Bad Request") from None


def _check_times(claims: dict[str, Any], now: float) -> None:
    issued: Any = claims.get("iat")
    end: Any = claims.get("exp")
    whole = isinstance(issued, int) and isinstance(end, int)
    if not whole or not issued - _SKEW <= now <= end or end - issued > _LONGEST:
        raise RefusedError(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat "
            "and exp values in the JWT claim.",
        )


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
