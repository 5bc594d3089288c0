"""Every key of a TOML text is found on its line."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headgate.config.locations import KeyPath, line_of, locate


def lines(text: str) -> dict[str, int]:
    return {".".join(map(str, path)): line for path, line in locate(text).items()}


def paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the path of everything inside a value."""
    members: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*path, key)
        yield from paths(member, (*path, key))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\n\n# b = 2\nc = 3", {"a": 1, "c": 4}),
        ("[a]\nb = 1\n[a.c]\nd = 2\n", {"a": 1, "a.b": 2, "a.c": 3, "a.c.d": 4}),
        ("[a.b]\nc=1\n[a]\nd=1", {"a": 1, "a.b": 1, "a.b.c": 2, "a.d": 4}),
        ("a.b.c = 1\na.b.d = 2", {"a": 1, "a.b": 1, "a.b.c": 1, "a.b.d": 2}),
        (" \"x.y\" . 'z' = 1", {"x.y": 1, "x.y.z": 1}),
        ('"\\u0061" = 1', {"a": 1}),
        ("a = [\n 1,\n # no\n [2,\n 3],\n]\nb = 1", {"a": 1, "a.0": 2, "a.1": 4, "a.1.0": 4, "a.1.1": 5, "b": 7}),
        ("a = {b = 1, c.d = '}#'} # e = 2\nf = 1", {"a": 1, "a.b": 1, "a.c": 1, "a.c.d": 1, "f": 2}),
        ('a = """\nb = 1\n[c]\n\\""" """\nd = 2', {"a": 1, "d": 5}),
        ("a = '''\nb = '1'\n''''\nc = 1", {"a": 1, "c": 4}),
        ('a = """x"""""\nb = 1', {"a": 1, "b": 2}),
        (
            "[[a]]\nb=1\n[[a]]\nb=2\n[a.c]\nd=3",
            {"a": 1, "a.0": 1, "a.0.b": 2, "a.1": 3, "a.1.b": 4, "a.1.c": 5, "a.1.c.d": 6},
        ),
        ("a = 1979-05-27 07:32:00 # x = 1\nb = 'c#d'", {"a": 1, "b": 2}),
    ],
)
def test_keys_stand_where_a_reader_sees_them(text: str, expected: dict[str, int]) -> None:
    tomllib.loads(text)
    assert lines(text) == expected


def test_what_cannot_be_read_hides_nothing_after_it() -> None:
    assert lines("a = \nb == 1\nc = 3\n[d\ne = 5\n[f]\ng = 7")["f.g"] == 7


def test_a_key_that_is_missing_has_the_line_of_its_table() -> None:
    found = locate("x = 1\n[a]\nb = 1\n")
    assert line_of(("a", "c", "d"), found) == 2
    assert line_of(("z",), found) is None


NAMES = st.sampled_from(["a", "b-c", "x.y", "ü", "a b", "", '"', "'", "1", "true", "#", "\n", "="])
VALUES = st.recursive(
    st.booleans() | st.sampled_from(["", "x = 1", "[a]\nb = 2", '"""', "'''", "#", "\\", "}", "]"]) | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def inline(value: Any, gap: str) -> str:
    """Write a value; ``gap`` goes between the elements of arrays, where line breaks and comments may be."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key(name)} = {inline(member, ' ')}" for name, member in value.items()) + " }"
    if isinstance(value, list):
        return "[" + gap + "".join(f"{inline(member, gap)},{gap}" for member in value) + "]"
    if isinstance(value, str) and "\n" in value and gap != " ":
        return '"""\n' + value.replace("\\", "\\\\").replace('"', '\\"') + '"""'
    return json.dumps(value)


@given(
    st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=3), max_size=4),
    st.sampled_from([" ", "\n", " # ]\n "]),
)
def test_a_written_document_has_all_its_keys_found_on_their_lines(tables: dict[str, dict[str, Any]], gap: str) -> None:
    text = ""
    expected: dict[KeyPath, int] = {}
    for name, table in tables.items():
        expected[name,] = text.count("\n") + 1
        text += f"[{key(name)}]\n"
        for inner, value in table.items():
            expected[name, inner] = text.count("\n") + 1
            text += f"{key(inner)} = {inline(value, gap)} # end\n"
    found = locate(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    assert {path: line for path, line in found.items() if path in expected} == expected


@given(st.text("[]{}=\"'.,#\n\\ a1", max_size=40))
@example('a."b"=[{}]')
@example("[[a]]\n[[a.b]]\n[a.b.c]\n[[a]]")
def test_any_text_is_read_to_its_end_and_agrees_with_tomllib_where_that_can_read_it(text: str) -> None:
    found = locate(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(found) == set(paths(document))
