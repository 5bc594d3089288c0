"""The headers of a webhook's request, and its signature. Pure."""

from __future__ import annotations

import hashlib
import hmac

SIGNATURE_HEADER = "Headgate-Signature"
TIMESTAMP_HEADER = "Headgate-Timestamp"
IDEMPOTENCY_HEADER = "Idempotency-Key"


def sign(body: bytes, timestamp: int, secret: str) -> str:
    """Return the signature header's value: HMAC-SHA256 over ``TIMESTAMP.BODY``, in hexadecimal, after ``v1=``."""
    signed = str(timestamp).encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def verify(body: bytes, timestamp: int, signature: str, *, secret: str, now: float, tolerance: float = 300.0) -> bool:
    """Whether a request is what the holder of the secret sent within the last ``tolerance`` seconds.

    For receivers in Python; the README says the same in words for all others.
    """
    fresh = abs(now - timestamp) <= tolerance
    return hmac.compare_digest(sign(body, timestamp, secret).encode(), signature.encode()) and fresh
