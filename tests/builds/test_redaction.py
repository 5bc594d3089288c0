from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from headgate.builds.redaction import redacted


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + "a" * 36,
        "github_pat_" + "A1_" * 20,
        "glpat-" + "x" * 20,
        "AKIA" + "ABCDEFGH12345678",
        "xoxb-1234567890-abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijk",
    ],
)
def test_tokens_are_left_out_wherever_they_stand(secret: str) -> None:
    assert secret not in redacted(f"cloning with {secret}, please wait")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fatal: https://ada:hunter2@host/x.git failed", "fatal: https://[left out]@host/x.git failed"),
        ("password=hunter2", "password=[left out]"),
        ("AWS_SECRET_ACCESS_KEY: abcdef", "AWS_SECRET_ACCESS_KEY: [left out]"),
        ('"api_key": "abcdef"', '"api_key": "[left out]"'),
        ("Authorization: Bearer abcdef", "Authorization: Bearer [left out]"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\nmore", "[left out]\nmore"),
        ("nothing to see, 42 tokens read", "nothing to see, 42 tokens read"),
    ],
)
def test_values_of_secrets_are_left_out(text: str, shown: str) -> None:
    assert redacted(text) == shown


@given(some.text(max_size=500))
def test_any_text_can_be_read(text: str) -> None:
    redacted(text)


@pytest.mark.parametrize("piece", ["a", "password", "://", "-----BEGIN ", "eyJ", "a.", "token: "])
def test_long_lines_come_to_an_end(piece: str) -> None:
    redacted(piece * (100_000 // len(piece)))
