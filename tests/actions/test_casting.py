from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.actions.casting import cast, split_list
from headgate.model.event import JSON
from tests.actions.made import look, paint


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("coats", "2", 2),
        ("coats", " 2 ", 2),
        ("coats", "two", "two"),
        ("coats", "2.0", "2.0"),
        ("coats", 3, 3),
        ("thick", "true", True),
        ("thick", "True", True),
        ("thick", "no", False),
        ("thick", "perhaps", "perhaps"),
        ("dilution", "0.5", 0.5),
        ("dilution", "1e-3", 0.001),
        ("dilution", "null", None),
        ("dilution", "None", None),
        ("dilution", "nan", "nan"),
        ("walls", '["n", "s"]', ["n", "s"]),
        ("walls", "['n', 's']", ["n", "s"]),
        ("walls", "n, s", ["n", "s"]),
        ("walls", "n", ["n"]),
        ("walls", "", []),
        ("walls", "n[1-3,7],n9", ["n[1-3,7]", "n9"]),
        ("walls", ["n"], ["n"]),
        ("walls", None, None),
        ("helpers", "ada,ben", ["ada", "ben"]),
        ("helpers", "None", None),
        ("helpers", "null", None),
        ("helpers", "nullify", ["nullify"]),
        ("extra", '{"a": 1}', {"a": 1}),
        ("extra", "{'a': 1}", {"a": 1}),
        ("extra", "{'a': __import__('os')}", "{'a': __import__('os')}"),
        ("extra", "{" * 5000, "{" * 5000),
        ("password", "7", "7"),
        ("nowhere", "7", "7"),
    ],
)
def test_a_text_becomes_what_the_action_declares(name: str, text: JSON, value: JSON) -> None:
    assert cast(paint, {name: text}) == {name: value}


@given(st.text())
def test_a_text_that_is_to_be_a_text_stays_as_it_is(text: str) -> None:
    assert cast(look, {"wall": text}) == {"wall": text}


@given(st.text())
def test_no_text_breaks_casting(text: str) -> None:
    for name in ("coats", "thick", "dilution", "walls", "extra"):
        cast(paint, {name: text})


@given(st.lists(st.text("abc[]-0", min_size=1).filter(lambda word: "[" not in word and "]" not in word), min_size=1))
def test_words_without_commas_come_back(words: list[str]) -> None:
    assert split_list(",".join(words)) == words
