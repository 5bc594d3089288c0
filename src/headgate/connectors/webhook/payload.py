"""The JSON a webhook sends, and its signature. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

from headgate.model.event import Event
from headgate.model.message import Message

VERSION = 1
"""Of the payload's form; raised when a receiver has to change."""
SIGNATURE_HEADER = "Headgate-Signature"
TIMESTAMP_HEADER = "Headgate-Timestamp"
IDEMPOTENCY_HEADER = "Idempotency-Key"


def body_of(message: Message, *, recipient: str, key: str, events: Sequence[Event] = ()) -> bytes:
    """Return the body of a request: the same bytes at every attempt. ``message`` is already bounded.

    ``events`` are what the message is about: one, or those of all messages that were folded into a digest.
    """
    payload = {
        "version": VERSION,
        "key": key,
        "recipient": recipient,
        "events": [event.as_json() for event in events],
        "message": message.model_dump(mode="json"),
    }
    return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


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
