from __future__ import annotations

import configparser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.config.ini_text import Ini, WrongIniError

TEXT = """\
# a comment = no key
[one]
; another
First = 1
second: 5%%
third =
    {
        "x": "[not]",

        "other = y": 1
    }
fourth = %(first)s!

[two]
first=2
"""


def test_values_and_lines() -> None:
    ini = Ini(TEXT, "a.cfg")
    assert ini.sections == ["one", "two"]
    assert ini.keys("one") == ["first", "second", "third", "fourth"]
    assert (ini.get("one", "second"), ini.get("one", "fourth"), ini.get("two", "first")) == ("5%", "1!", "2")
    lines = [
        ini.line(*place)
        for place in (("one", ""), ("one", "FIRST"), ("one", "third"), ("one", "fourth"), ("two", "first"))
    ]
    assert lines == [2, 4, 6, 12, 15]
    assert (ini.get("one", "x"), ini.get("three", "x"), ini.line("one", "x")) == (None, None, None)


def test_what_is_wrong_with_a_key_is_said_with_its_place() -> None:
    assert str(Ini(TEXT, "a.cfg").wrong("one", "third", "is no JSON")) == "a.cfg:6: [one] third: is no JSON"


@pytest.mark.parametrize(
    ("value", "words"),
    [("%", "holds a % that is not written %%"), ("%(x)s", "names a key that is not there"), ("%(a)s", "holds a %")],
)
def test_what_cannot_be_interpolated_is_told_without_the_value(value: str, words: str) -> None:
    with pytest.raises(WrongIniError) as caught:
        Ini(f"[s]\n\na = hunter2 {value}\n", "a.cfg").get("s", "a")
    assert str(caught.value).startswith(f"a.cfg:3: [s] a: {words}")
    assert "hunter2" not in str(caught.value)


VALUE = st.lists(
    st.from_regex(r"[a-z{}\[\]=:\"]([a-z {}\[\]=:,\"]{0,10}[a-z}])?", fullmatch=True), min_size=1, max_size=4
)
FILE = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.dictionaries(st.from_regex(r"[A-Za-z_]{1,8}", fullmatch=True), VALUE, min_size=1, max_size=4),
    min_size=1,
    max_size=3,
)


@given(FILE)
def test_each_key_is_where_it_is_said_to_be(content: dict[str, dict[str, list[str]]]) -> None:
    text = "".join(
        f"[{section}]\n" + "".join(f"{key} = " + "\n    ".join(value) + "\n" for key, value in keys.items())
        for section, keys in content.items()
    )
    try:
        ini = Ini(text, "a.cfg")
    except WrongIniError:
        assert any(len({key.lower() for key in keys}) < len(keys) for keys in content.values())
        return
    for section, keys in content.items():
        for key, value in keys.items():
            line = ini.line(section, key)
            assert line
            assert text.split("\n")[line - 1].startswith(f"{key} = {value[0]}")
            assert ini.get(section, key) == "\n".join(value)


@given(st.text())
def test_no_text_is_too_much(text: str) -> None:
    try:
        ini = Ini(text, "a.cfg")
    except WrongIniError:
        return
    parser = configparser.ConfigParser()
    parser.read_string(text)
    assert ini.sections == parser.sections()
