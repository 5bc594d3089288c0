from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.slurm.commands import words


def eaten(text: str) -> str:
    """What scontrol keeps of a reason."""
    rest = text.removeprefix('"')
    return rest.removesuffix('"')


@given(st.text(st.characters(categories=("L", "N", "P", "S"), include_characters=" "), min_size=1, max_size=80))
def test_scontrol_keeps_every_reason(text: str) -> None:
    if text.strip():
        assert eaten(words.reason(text)) == text


@pytest.mark.parametrize("text", ["", " ", "a\nb", "a\tb", "a\x00", "a\u2028b", "x" * 4097])
def test_what_is_no_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"reason|line end|more than"):
        words.reason(text)


@pytest.mark.parametrize("text", ["", "a b", "a,b", "-a", "a=b", "a\n", "ü", "x" * 300, "../a"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        words.name(text)


def test_names_are_joined() -> None:
    assert words.names(["ada", "b.c", "d-e_f", "x@y"]) == "ada,b.c,d-e_f,x@y"
    assert words.names([]) == ""
