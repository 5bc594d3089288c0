"""YAML is read as text: what looks like a number, a time or a truth value is none."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from headgate.config.convert.written import Written
from headgate.config.convert.yaml_text import read_yaml


def test_plain_values_stay_as_they_are_written() -> None:
    text = "a: 0123\nb: yes\nc: 1e3\nd: 2026-11-27\ne: ~\nf: 0x1f\ng: 'q'\nh: [1, {i: off}]\n"
    assert read_yaml(text) == {
        "a": "0123", "b": "yes", "c": "1e3", "d": "2026-11-27", "e": "~", "f": "0x1f", "g": "q",
        "h": ["1", {"i": "off"}],
    }  # fmt: skip


def test_merges_still_merge() -> None:
    assert read_yaml("a: &a {b: 1}\nc:\n  <<: *a\n  d: 2\n")["c"] == {"b": "1", "d": "2"}


def test_nothing_but_texts_lists_and_tables_is_made() -> None:
    with pytest.raises(ValueError, match=r"^line 1$"):
        read_yaml("a: !!python/object/apply:os.system ['true']\n")


def test_a_tag_of_a_plain_value_changes_nothing() -> None:
    assert read_yaml("a: !!int 0123\nb: !!bool maybe\nc: !!null ''\n") == {"a": "0123", "b": "maybe", "c": ""}


def test_texts_know_their_lines() -> None:
    made: dict[Any, Any] = read_yaml("# one\na: x\n\nb:\n  - y\n")
    assert [(key, key.line) for key in made] == [("a", 2), ("b", 4)]
    assert (made["a"].line, made["b"][0].line) == (2, 5)


@pytest.mark.parametrize(
    ("value", "wrapped"),
    [
        ("x", False),
        ("'x'  # and more\n", False),
        ("x\n  hunter2", True),
        ('"x\n  hunter2"', True),
        ('"x\\\n  hunter2"', True),
        ('"x\\nhunter2"', True),
        ("|\n  x\n  hunter2", True),
        (">-\n  x\n  hunter2", True),
    ],
)
def test_a_text_knows_whether_it_goes_over_several_lines(value: str, wrapped: bool) -> None:
    text = read_yaml(f"a: {value}\nb: y\n")["a"]
    assert isinstance(text, Written)
    assert text.wrapped is wrapped


@pytest.mark.parametrize(
    "text",
    [
        "a: {m}: [",
        "a: x\n{m}\nb: y",
        "a: *{m}",
        "a: &{m} x\nb: &{m} y\n c: {m}",
        "a: !{m} x",
        "a: !!binary {m}",
        "a: !!float [{m}]",
        "? [{m}]\n: x",
        'a: "{m}',
        'a: "{m} \\q"',
        'a: "{m} \\UFFFFFFFF"',
        "<<: {m}",
        "\x01{m}",
        "[" * 5000,
    ],
)
def test_a_mistake_names_a_line_at_most(text: str) -> None:
    whole = text.replace("{m}", "hunter2")
    with pytest.raises(ValueError, match=r"^(line \d+|it goes too deep, or holds no text|)$") as error:
        read_yaml(whole)
    assert "hunter2" not in "".join(traceback.format_exception(error.value))
