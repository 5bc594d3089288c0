from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headgate.builds.texts.template import fill, pattern

LITERAL = st.text(st.characters(codec="utf-8", exclude_characters="{}\n"), max_size=10)
VALUE = st.from_regex(r"[a-z0-9/.-]{1,20}", fullmatch=True)


def test_only_placeholders_with_values_are_filled_in() -> None:
    assert fill("{a} {b} {{a}} {a!r} {a.real} {0}", a=1) == "1 {b} {a} {a!r} {a.real} {0}"


@given(LITERAL, VALUE, VALUE)
def test_what_was_filled_in_is_read_back(literal: str, one: str, two: str) -> None:
    template = f"{literal}`{{one}}`{literal}{{{{}}}}`{{two}}` {{one}}"
    found = pattern(template).fullmatch(fill(template, one=one, two=two))
    assert found
    assert found.groupdict() == {"one": one, "two": two}


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_template_is_too_much(template: str, text: str) -> None:
    fill(template, a=text)
    pattern(template).fullmatch(text)
