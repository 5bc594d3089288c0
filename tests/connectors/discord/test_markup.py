from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.connectors.discord.markup import FENCE, GAP, block, cut, escape, length, shortened
from headgate.model.text import ELLIPSIS, one_line
from headgate.testing.conformance.hostile import HOSTILE
from headgate.testing.discord.markup import Mark, marks, plain

SIGNS = st.text(alphabet="@<>#&!:/\\`*_~|[]()-+.0123456789 everyonehere discord.gg http s://t\nñ💩", max_size=60)
MEANT = [
    "@everyone",
    "@here",
    "@Everyone",
    "<@1050000000000000001>",
    "<@!1050000000000000001>",
    "<@&1050000000000000001>",
    "<#1050000000000000001>",
    "</run:1050000000000000001>",
    "<t:1700000000:R>",
    "<:smile:1050000000000000001>",
    "<a:smile:1050000000000000001>",
    "<id:customize>",
    ":smile:",
    ":100:",
    "[x](https://example.org)",
    "[x](javascript:alert(1))",
    "![x](https://example.org)",
    "https://example.org/",
    "HTTPS://example.org/",
    "steam://run/1",
    "discord://settings",
    "<https://example.org/>",
    "<ada@example.org>",
    "<+4912345>",
    "discord.gg/abc",
    "Discord.com/invite/abc",
    "dis.gd/abc",
    "**bold**",
    "*italic*",
    "_italic_",
    "__under__",
    "~~struck~~",
    "||spoiler||",
    "`code`",
    "``code``",
    "```code```",
    "# heading",
    "-# small",
    "> quote",
    ">>> quote",
    "- item",
    "* item",
    "12. item",
]


@pytest.mark.parametrize("text", MEANT)
def test_the_reader_of_markup_finds_what_means_something(text: str) -> None:
    assert marks(text)


@pytest.mark.parametrize("text", MEANT)
def test_an_escaped_text_means_nothing_and_reads_as_it_was(text: str) -> None:
    for variant in (text, f"x {text} y", f"x{text}y", text * 2, f"\\{text}", f"\\\\{text}"):
        assert marks(escape(variant)) == [], variant
        assert plain(escape(variant)).replace(GAP, "") == variant


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_means_nothing(name: str) -> None:
    text = one_line(HOSTILE[name], 500)
    assert marks(escape(text)) == []
    assert plain(escape(text)).replace(GAP, "") == text


@given(SIGNS)
def test_no_text_means_anything_once_escaped(text: str) -> None:
    text = one_line(text, 60)
    assert marks(escape(text)) == []
    assert plain(escape(text)).replace(GAP, "") == text


@given(SIGNS)
def test_the_expansion_is_bounded(text: str) -> None:
    assert len(escape(text)) <= 4 * len(text) + 1


@pytest.mark.parametrize("text", ["train_model", "03:43:02 UTC", "/home/ada/a:b", "C++", "a@example.org"])
def test_usual_text_reads_as_it_is_also_when_copied(text: str) -> None:
    assert plain(escape(text)) == text


@given(st.lists(SIGNS.map(lambda text: one_line(text, 60)), min_size=1, max_size=4))
def test_a_block_of_code_ends_where_it_is_ended(lines: list[str]) -> None:
    assert [mark.kind for mark in marks(f"{block(lines)}\n{escape('**x**')}")] == ["code block"]


@given(SIGNS, st.integers(min_value=8, max_value=40))
def test_a_shortened_text_fits_and_means_nothing(text: str, limit: int) -> None:
    made = shortened(one_line(text, 60), limit)
    assert length(made) <= limit
    assert marks(made) == []


def test_the_length_is_that_in_utf_16() -> None:
    assert length("a\N{PILE OF POO}") == 3


def test_a_cut_text_keeps_whole_lines_and_closes_its_block() -> None:
    assert cut("one\ntwo\nthree", 10) == f"one\n{ELLIPSIS}"
    made = cut(f"head\n{FENCE}\none\ntwo\nthree\n{FENCE}", 21)
    assert made == f"head\n{FENCE}\none\n{FENCE}\n{ELLIPSIS}"
    assert marks(made) == [Mark("code block", f"{FENCE}\none\n{FENCE}")]
    assert cut(f"head\n{FENCE}\n{'x' * 50}\n{FENCE}", 30) == f"head\n{ELLIPSIS}"
    assert length(cut("a b " * 100, 50)) <= 50
