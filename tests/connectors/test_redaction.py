from __future__ import annotations

import base64

from headgate.connectors.redaction import MAX_DETAIL, Redaction


def test_a_secret_is_hidden_as_it_is_in_base64_and_url_quoted() -> None:
    hide = Redaction(["pass/word"])
    encoded = base64.b64encode(b"pass/word").decode()
    assert hide(f"a pass/word b {encoded} c pass%2Fword d") == "a [hidden] b [hidden] c [hidden] d"


def test_a_secret_that_holds_another_is_hidden_whole() -> None:
    assert Redaction(["abcd", "abcdef"])("x abcdef y") == "x [hidden] y"


def test_a_word_too_short_to_be_a_secret_does_not_garble_the_text() -> None:
    assert Redaction(["", "a"])("a banana") == "a banana"


def test_the_text_becomes_one_bounded_line() -> None:
    told = Redaction([])("a\r\nb\x1b[31m" + "x" * 100_000)
    assert told.startswith("a bx")
    assert len(told) == MAX_DETAIL


def test_a_secret_at_the_cut_is_not_shown_in_part() -> None:
    secret = "s3cr3t-" * 20
    for offset in range(len(secret)):
        assert "s3cr3t" not in Redaction([secret])("x" * offset + secret * 100)


def test_its_representation_shows_nothing() -> None:
    assert "password" not in repr(Redaction(["password"]))
