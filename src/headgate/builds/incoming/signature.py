"""Who signed a webhook. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping


def signed(body: bytes, headers: Mapping[str, str], secret: bytes, *, sha1: bool = False) -> bool:
    """Say whether a body was signed with a secret, as GitHub does. ``headers``: by their names in small letters.

    ``sha1``: whether a SHA-1 signature counts where there is no SHA-256 one. Where there is one, it alone counts.
    """
    given = headers.get("x-hub-signature-256")
    if given is not None:
        return _same(given, "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest())
    given = headers.get("x-hub-signature")
    if given is None or not sha1:
        return False
    return _same(given, "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest())


def carries(headers: Mapping[str, str], secret: bytes) -> bool:
    """Say whether a request carries a secret token, as GitLab sends it."""
    given = headers.get("x-gitlab-token")
    return given is not None and hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret)


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.strip().lower().encode("utf-8", "surrogateescape"), right.encode())
