from __future__ import annotations

import hashlib
import hmac

from headgate.connectors.webhook.payload import sign, verify

SECRET = "0123456789abcdef"


def test_the_signature_is_the_hmac_of_timestamp_dot_body() -> None:
    expected = hmac.new(SECRET.encode(), b"1700000000.{}", hashlib.sha256).hexdigest()
    assert sign(b"{}", 1_700_000_000, SECRET) == f"v1={expected}"


def test_a_receiver_takes_what_was_signed_lately_and_nothing_else() -> None:
    signature = sign(b"{}", 1000, SECRET)
    assert verify(b"{}", 1000, signature, secret=SECRET, now=1299)
    assert not verify(b"{}", 1000, signature, secret=SECRET, now=1301)
    assert not verify(b"{ }", 1000, signature, secret=SECRET, now=1000)
    assert not verify(b"{}", 1001, signature, secret=SECRET, now=1000)
    assert not verify(b"{}", 1000, signature, secret="another-secret-16", now=1000)
    assert not verify(b"{}", 1000, "\u00fc", secret=SECRET, now=1000)
