from __future__ import annotations

import pytest

from headgate.notify.lookup.found import Failed, Found, NotFound, answer_of, is_user_name


@pytest.mark.parametrize("name", ["ada", "_svc", "a", "a-b.c_d9", "host$", "x" * 32])
def test_names_of_accounts_are_told(name: str) -> None:
    assert is_user_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-n",
        "Ada",
        "1st",
        "a b",
        "a,b",
        "a:b",
        "a/b",
        "ada@example.org",
        "x" * 34,
        "a\n",
        "a\0",
        "ü",
        "*",
        "a$b",
        "#5",
    ],
)
def test_what_is_no_name_of_an_account_is_told(name: str) -> None:
    assert not is_user_name(name)


@pytest.mark.parametrize(
    ("value", "target"), [("ada", "ada"), (" ada ", "ada"), (4711, "4711"), (-100123, "-100123"), ("a b", "a b")]
)
def test_texts_and_numbers_are_targets(value: object, target: str) -> None:
    assert answer_of(value, "table") == Found(target, "table")


@pytest.mark.parametrize("value", [None, "", "  "], ids=repr)
def test_nothing_is_no_target(value: object) -> None:
    assert answer_of(value, "table") == NotFound()


@pytest.mark.parametrize(
    "value",
    [True, 1.5, ["a"], {"a": "b"}, "a\nb", "a\x00", "\x1b[2J", "a\u202eb", "\ud800", "x" * 1025],
    ids=["bool", "float", "list", "map", "line", "null", "terminal", "direction", "surrogate", "long"],
)
def test_anything_else_is_refused(value: object) -> None:
    answer = answer_of(value, "table")
    assert isinstance(answer, Failed)
    assert not answer.transient
    assert answer.detail.isprintable()
