from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.connectors.mattermost.markup import FENCE, GAP, block, cut, escape, parted
from headgate.model.text import one_line
from headgate.testing.conformance.hostile import HOSTILE
from tests.connectors.mattermost.reading import read

ACTIVE = (
    "@all",
    "@channel and @here",
    "x@ada",
    "(@ada.lovelace)",
    "~town-square",
    "#hashtag",
    ":smile:",
    ":+1::100:",
    "1:2:smile:3",
    "https://example.org/a_b",
    "ftp://example.org",
    "www.example.org",
    "bit.ly/x",
    "mailto:ada@example.org",
    "<https://example.org>",
    "<b onclick=x>",
    "[x](https://example.org)",
    "![x](https://example.org/x.png)",
    "[x][1]",
    "[x]: https://example.org",
    "*x* _x_ **x** ~~x~~ `x`",
    "| a | b |",
    "# heading",
    "> quotation",
    "- item",
    "+ item",
    "1. item",
    "12) item",
    "---",
    "===",
    "***",
    "~~~",
    "```sh",
    "&#64;all &commat;all &lt;x&gt;",
    "\\@all",
    "\\\\[x](y)",
    "@\\all",
)


@pytest.mark.parametrize("text", [*ACTIVE, *HOSTILE.values()], ids=[*ACTIVE, *HOSTILE])
def test_foreign_text_shows_itself_and_does_nothing(text: str) -> None:
    line = one_line(text, 500)
    reading = read(escape(line))
    assert reading.text.replace(GAP, "") == line
    assert not reading.effects


@settings(deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("@~#:;&<>[]()!*_`|\\.-+=w1a/ "), st.characters()), max_size=60))
def test_any_text_shows_itself_and_does_nothing(text: str) -> None:
    line = one_line(text, 60)
    reading = read(escape(line))
    assert reading.text.replace(GAP, "") == line
    assert not reading.effects


@pytest.mark.parametrize("text", [*ACTIVE, *HOSTILE.values()], ids=[*ACTIVE, *HOSTILE])
def test_text_that_is_only_parted_links_and_mentions_nothing_even_if_it_is_read_as_markdown(text: str) -> None:
    effects = read(parted(one_line(text, 500))).effects
    assert not effects & {"link_open", "image", "html_inline", "html_block", "mention", "channel", "emoji", "address"}


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_backslash_stands_before_what_the_web_client_would_not_escape(text: str) -> None:
    escaped = escape(one_line(text, 60).replace("\\", ""))
    assert not re.search(r"\\[^`*_{}\[\]()#+\-.!>~|]", escaped)


def test_a_time_stays_as_it_is() -> None:
    assert escape("Sat 21 Nov 2026, 03:43:02 UTC") == "Sat 21 Nov 2026, 03:43:02 UTC"


@pytest.mark.parametrize("line", ["```", "````", "x```", "~~~", "@all", "\\```"])
def test_no_line_ends_a_code_block(line: str) -> None:
    reading = read(f"{block([line, '@all', line])}\n\nafter")
    assert reading.effects == {"fence"}
    assert reading.text.replace(GAP, "").startswith(f"{line}\n@all\n{line}\n")


def test_what_is_short_enough_is_not_cut() -> None:
    assert cut("a\nb", 3) == "a\nb"


def test_a_cut_is_between_lines_and_closes_the_code_block() -> None:
    text = block(["line"] * 100)
    short = cut(text, 100)
    assert len(short) <= 100
    assert short.endswith(f"line\n{FENCE}\n…")
    assert read(f"{short}\n\n@all").effects == {"fence", "mention"}


def test_one_long_line_is_cut_between_words() -> None:
    assert cut(r"a\*b " * 100, 28) == r"a\*b a\*b a\*b a\*b " + "\n…"
