from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.connectors.slack.markup import clip, escape, is_literal, pieces, units
from headgate.testing.conformance.hostile import HOSTILE
from tests.connectors.slack.mrkdwn import findings

SIGNS = st.text(st.sampled_from("*_~`:<>&@#!|ab 9\n/.-w"), max_size=60)


def test_the_three_special_characters_are_escaped() -> None:
    assert escape("a & b <c> d") == "a &amp; b &lt;c&gt; d"


def test_words_with_underscores_inside_stay_as_they_are() -> None:
    assert escape("train_model_2") == "train_model_2"
    assert is_literal("/home/ada/train_model_2")


@pytest.mark.parametrize(
    "text",
    ["*bold*", "_it_", "~gone~", "`code`", ":smile:", "> quote", "<!channel>", "<@U1>", "https://x.org/", "<a://b|c>"],
)
def test_what_formats_mentions_or_links_does_not_any_more(text: str) -> None:
    assert findings(text)
    assert findings(escape(text)) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_nothing_but_text(name: str) -> None:
    assert findings(escape(HOSTILE[name][:5000])) == []


@given(SIGNS)
def test_no_mixture_of_signs_is_more_than_text(text: str) -> None:
    assert findings(escape(text)) == []


def test_a_time_of_day_is_no_emoji() -> None:
    assert escape("03:43:02") == "03:43:02"


@given(st.text(max_size=80), st.integers(1, 40))
def test_clipping_keeps_to_the_limit_in_utf16_units(text: str, limit: int) -> None:
    assert units(clip(text, limit)) <= limit


@given(SIGNS, st.integers(6, 40))
def test_pieces_keep_to_the_limit_and_cut_no_escape(text: str, limit: int) -> None:
    cut = list(pieces(escape(text), limit))
    assert all(0 < units(piece) <= limit for piece in cut)
    assert not [piece for piece in cut if re.search(r"&(?!(?:amp|lt|gt);)|^(?:amp|lt|gt|mp|t|p)?;", piece)]
    assert "".join("".join(cut).split()) == "".join(escape(text).split())


def test_a_link_is_never_cut_in_half() -> None:
    link = "<https://example.org/" + "a" * 40 + "|the page>"
    cut = list(pieces("word " * 5 + link, 80))
    assert any(link in piece for piece in cut)
