"""A file is read as far as it can be, and every slip in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.config.document import Document, parse_document, read_document


def parse(text: str) -> Document:
    document = Document("f.toml")
    parse_document(text, document)
    return document


def said(document: Document) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.text) for problem in document.problems]


def test_a_good_file_has_a_tree_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_bytes(b"a = 1\r\n[b]\r\nc = 'x'\r\n")
    document = read_document(path)
    assert document.tree == {"a": 1, "b": {"c": "x"}}
    assert document.lines["b", "c"] == 3
    assert document.problems == []


def test_every_slip_is_named_and_the_rest_is_read() -> None:
    document = parse("a = = 1\nb = 2\n\nc = yes\nb = 3\nd = 4\n")
    assert said(document) == [
        (1, "is not TOML: invalid value"),
        (4, "is not TOML: invalid value"),
        (5, "is there twice: this key or table was given before"),
    ]
    assert document.tree == {"b": 2, "d": 4}


def test_a_table_given_twice_is_named() -> None:
    assert said(parse("[a]\nb = 1\n[c]\n[a]\nd = 2\n"))[0] == (4, "is there twice: this key or table was given before")


def test_the_lines_below_a_slip_that_belong_to_it_are_not_reported() -> None:
    assert said(parse("a = [yes,\n  1,\n  2,\n]\nb = 1\n")) == [(1, "is not TOML: invalid value")]


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert said(read_document(tmp_path / "missing.toml")) == [(None, "cannot be read: No such file or directory")]
    assert said(read_document(tmp_path)) == [(None, "cannot be read: Is a directory")]


def test_text_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_bytes(b"a = 1\nb = '\xff'\n")
    assert said(read_document(path)) == [(2, "is not UTF-8 text")]


def test_values_nested_without_end_are_a_problem() -> None:
    assert [text for _, text in said(parse("a = " + "[" * 100_000))] == ["nests values too deeply"]


def test_who_may_read_the_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text("")
    path.chmod(0o640)
    assert not read_document(path).world_readable
    path.chmod(0o644)
    assert read_document(path).world_readable


@pytest.mark.parametrize("text", ["a = '''", 'a = "\n"', "[", "= 1", "\x00", "a.b = 1\na = 1"])
def test_a_slip_has_a_line_of_the_file(text: str) -> None:
    (line, _), *_ = said(parse(text))
    assert line is not None
    assert 1 <= line <= text.count("\n") + 1


@given(st.text("[]{}=\"'.,#\n\\ ab1", max_size=60))
def test_any_text_is_read_or_named_wrong(text: str) -> None:
    document = parse(text)
    assert len(document.problems) <= 20
    assert all(problem.line is None or 1 <= problem.line <= text.count("\n") + 1 for problem in document.problems)
