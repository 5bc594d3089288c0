"""What was probably meant."""

from __future__ import annotations

import pytest

from headgate.config.suggest import elsewhere, likely

KEYS = ["attempts", "backoff_first", "default_connector", "lease"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("atempts", "attempts"),
        ("backoff-first", "backoff_first"),
        ("BackoffFirst", "backoff_first"),
        ("default", "default_connector"),
        ("zebra", None),
        ("", None),
    ],
)
def test_the_likeliest_known_word_is_found(word: str, meant: str | None) -> None:
    assert likely(word, KEYS) == meant


def test_a_key_in_the_wrong_section_is_found_in_its_own() -> None:
    assert elsewhere("lease", {"notify": KEYS, "store": ["url"]}) == ["notify"]
