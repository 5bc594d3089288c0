"""A body counts as signed only by the secret, over exactly these bytes."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.builds.incoming.signature import carries, signed

SECRET = b"It's a Secret to Everybody"
BODY = b"Hello, World!"
GITHUBS = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
"""Of GitHub's own documentation: "Validating webhook deliveries", "Testing the webhook payload validation"."""


def sha1(body: bytes = BODY, secret: bytes = SECRET) -> str:
    return "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest()


def test_the_signature_of_githubs_documentation_is_right() -> None:
    assert signed(BODY, {"x-hub-signature-256": GITHUBS}, SECRET)


@given(body=st.binary(max_size=200))
def test_no_other_body_has_the_same_signature(body: bytes) -> None:
    assert signed(body, {"x-hub-signature-256": GITHUBS}, SECRET) == (body == BODY)


@pytest.mark.parametrize(
    "value", ["", "sha256=", "sha256=00", GITHUBS[:-1], GITHUBS[7:], "sha1=" + GITHUBS[7:], "\udce9"]
)
def test_a_signature_that_is_not_whole_is_none(value: str) -> None:
    assert not signed(BODY, {"x-hub-signature-256": value}, SECRET, sha1=True)


def test_without_a_signature_nothing_is_signed() -> None:
    assert not signed(BODY, {}, SECRET, sha1=True)


def test_sha1_counts_only_where_it_was_switched_on() -> None:
    headers = {"x-hub-signature": sha1()}
    assert [signed(BODY, headers, SECRET, sha1=on) for on in (False, True)] == [False, True]


def test_a_right_sha1_does_not_make_up_for_a_wrong_sha256() -> None:
    headers = {"x-hub-signature": sha1(), "x-hub-signature-256": "sha256=" + "0" * 64}
    assert not signed(BODY, headers, SECRET, sha1=True)


@pytest.mark.parametrize(
    ("given_", "right"), [("token", True), ("Token", False), ("", False), (None, False), ("é", False)]
)
def test_gitlab_is_known_by_its_token(given_: str | None, right: bool) -> None:
    headers = {} if given_ is None else {"x-gitlab-token": given_}
    assert carries(headers, b"token") is right
