"""A foreign file is read key by key, and nothing in it is passed over in silence."""

from __future__ import annotations

from headgate.config.convert.given import Given
from headgate.config.convert.written import Written


def test_what_nobody_asked_for_is_counted_by_its_table_and_not_named() -> None:
    given = Given({"a": "1", "b": {"c": "2", "d": "3"}, "e": [{"f": "4", "g": "5"}], 7: "8", "h": {"i": "9"}})
    assert (given.text("a"), given.table("b").text("c")) == ("1", "2")
    assert [one.text("f") for one in given.tables("e")] == ["4"]
    assert given.left() == ["2 keys of the file", "1 key of b", "1 key of e[0]"]


def test_what_nobody_asked_for_is_told_by_its_lines_where_they_are_known() -> None:
    below = {Written(key, line): "x" for key, line in (("c", 4), ("d", 5), ("e", 6), ("f", 9))}
    given = Given({Written("a", 1): "1", Written("b", 3): below, Written("g", 12): "2"})
    assert (given.text("a"), given.table("b").text("c")) == ("1", "x")
    assert given.left() == ["Line 12", "Lines 5 to 6, 9, in b"]


def test_plain_values_are_texts() -> None:
    given = Given({"a": True, "b": 7, "c": 1.5, "d": None, "e": " x "})
    assert [given.text(key) for key in "abcdef"] == ["true", "7", "1.5", "", "x", ""]
    assert given.odd() == []


def test_what_has_the_wrong_shape_is_told_and_counts_as_nothing() -> None:
    given = Given({"a": [], "b": "x", "c": "y", "d": {"e": []}, "f": [[]]})
    assert (given.text("a"), given.tables("c"), given.texts("f")) == ("", [], [])
    assert (given.table("b").text("z"), given.table("d").text("e")) == ("", "")
    assert [words.split()[0] for words in given.odd()] == ["a", "c", "f", "b", "d.e"]


def test_a_list_of_texts_may_be_one_text() -> None:
    given = Given({"a": ["x", 1], "b": "x  y", "c": None})
    assert [given.texts(key) for key in "abcd"] == [["x", "1"], ["x", "y"], [], []]


def test_keys_that_are_of_no_use_can_be_noted() -> None:
    given = Given({"a": "1", "b": "2"})
    given.note("a", "z")
    assert given.left() == ["1 key of the file"]


def test_a_value_that_goes_over_several_lines_is_told_and_left_out_unless_it_is_a_secret() -> None:
    given = Given({"a": Written("x hunter2", 3, wrapped=True), "b": Written("x\nhunter2", 5)}, "own.")
    assert [given.text(key) for key in "ab"] == ["", ""]
    assert given.odd() == [f"own.{key} goes over more than one line; it was left out." for key in "ab"]
    assert given.secret("a") == "x hunter2"


def test_what_is_said_twice_is_told_once() -> None:
    given = Given({"a": [], "b": {"c": []}})
    assert [given.text("a") for _ in range(3)] == ["", "", ""]
    assert len(given.odd()) == 1


def test_a_key_holds_something_whatever_it_is() -> None:
    given = Given({"a": "x\ny", "b": " ", "c": None, "d": [], "e": "", "f": False})
    assert [key for key in "abcdefg" if given.has(key)] == ["a", "d", "f"]
    assert (given.left(), given.odd()) == ([], [])
