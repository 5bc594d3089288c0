"""A Google service account: its key, and the signed claim by which it asks for an access token. Pure.

Sources: "Using OAuth 2.0 for Server to Server Applications" of Google's identity documentation (HTTP/REST), RFC 7523.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from google.auth import crypt, jwt

from headgate.connectors.web_settings import split_address

SCOPE = "https://www.googleapis.com/auth/gmail.send"
"""The one thing we ask for: to send, and neither to read nor to change."""
AUDIENCE = "https://oauth2.googleapis.com/token"
"""Whom every claim is for, wherever it is handed in; google-auth does the same."""
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME = 3600
"""Seconds a claim is good for: as long as Google allows."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The parts of a key file that are needed. ``token_url``: where tokens are asked for."""

    email: str
    token_url: str
    _signer: crypt.Signer = field(repr=False)

    def claim(self, user: str, now: float) -> str:
        """Return the signed claim that this account may send as ``user``; ``now`` in seconds since the epoch."""
        issued = int(now)
        claims = {
            "iss": self.email,
            "sub": user,
            "scope": SCOPE,
            "aud": AUDIENCE,
            "iat": issued,
            "exp": issued + _LIFETIME,
        }
        signed: bytes = jwt.encode(self._signer, claims)  # type: ignore[no-untyped-call]
        return signed.decode()


def parse_key(text: str) -> ServiceAccount:
    """Read a key file's text. Raises ValueError, without anything of the text, for one that cannot be used."""
    try:
        info = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("should be the JSON of a service account's key") from None
    if not isinstance(info, dict) or info.get("type") != "service_account":
        raise ValueError("should be the key of a service account (`type` is `service_account`)")
    wanted = {name: info.get(name) for name in ("client_email", "token_uri", "private_key", "private_key_id")}
    if missing := [name for name, value in wanted.items() if not isinstance(value, str) or not value]:
        raise ValueError(f"lacks {', '.join(missing)}")
    try:
        split_address(info["token_uri"])
    except ValueError:
        raise ValueError("has a token_uri that is no address") from None
    try:
        signer = crypt.RSASigner.from_service_account_info(info)  # type: ignore[no-untyped-call]
    except (ValueError, TypeError):
        raise ValueError("has a private_key that cannot be read") from None
    return ServiceAccount(email=info["client_email"], token_url=info["token_uri"], _signer=signer)
