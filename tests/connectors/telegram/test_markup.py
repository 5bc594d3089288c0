"""Foreign text made plain, checked by what Telegram makes active."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies

from headgate.connectors.telegram.markup import (
    JOINER,
    Markup,
    escape,
    exact,
    joined,
    link,
    neutral,
    plain,
    units,
    value,
)
from headgate.model.text import one_line
from headgate.testing.conformance.hostile import HOSTILE
from headgate.testing.telegram.active import active_parts
from headgate.testing.telegram.formatting import read_html

ACTIVE = {
    "mention": ("@durov", "mention"),
    "mention in brackets": ("(@durov)", "mention"),
    "command": ("/start", "bot_command"),
    "command to a bot": ("see /jobs@some_bot", "bot_command"),
    "hashtag": ("#running", "hashtag"),
    "cashtag": ("$USD", "cashtag"),
    "address": ("https://example.org/x", "url"),
    "bare address": ("see example.org, please", "url"),
    "address of a host": ("1.1.1.1", "url"),
    "file that is an address": ("train.py", "url"),
    "inner address": ("tg://resolve?domain=x", "url"),
    "many dots": ("a.b.c.d.example.com", "url"),
    "umlauts": ("müller.de", "url"),
    "mail": ("ada@example.org", "email"),
    "telephone": ("+1-212-555-0123", "phone_number"),
    "telephone without a plus": ("8 800 555 35 35", "phone_number"),
    "card": ("4111 1111 1111 1111", "phone_number"),
}


@pytest.mark.parametrize(("text", "kind"), ACTIVE.values(), ids=ACTIVE)
def test_what_telegram_makes_active_is_active_no_more(text: str, kind: str) -> None:
    assert kind in {part.type for part in active_parts(text, [])}, "the judge sees it"
    assert not active_parts(neutral(text), [])


@pytest.mark.parametrize(
    "text", ["", "node[01-04] (4)", "1 h 2 min of 1 day.", "55.9 GiB", "02:41:02 UTC", "a/b", "17_4"]
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text


def test_nothing_but_joiners_is_put_in() -> None:
    for text, _ in ACTIVE.values():
        assert neutral(text).replace(JOINER, "") == text


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_does_nothing_and_reads_as_it_is(name: str) -> None:
    text = one_line(HOSTILE[name], 500)
    shown, marked = read_html(plain(text).html)
    assert shown.replace(JOINER, "") == text
    assert marked == active_parts(shown, marked) == []


@given(strategies.text("@/#$.:+ ab1\u00e4-_<>&\"'\u200d(", max_size=40))
def test_no_text_at_all_is_active(text: str) -> None:
    shown, marked = read_html(plain(text).html)
    assert marked == active_parts(shown, marked) == []


@given(strategies.text(max_size=60))
def test_length_is_what_telegram_counts(text: str) -> None:
    clean = one_line(text, 60)
    markup = plain(clean).inside("b")
    shown, _ = read_html(markup.html)
    assert shown == neutral(clean)
    assert markup.length == units(shown)


def test_what_people_copy_is_whole_in_code() -> None:
    assert value("/home/ada/run.sh").html == "<code>/home/ada/run.sh</code>"
    assert value("gpu").html == "gpu"
    shown, marked = read_html(value("see @durov at https://example.org/").html)
    assert active_parts(shown, marked) == []


def test_a_link_goes_to_the_web_or_is_none() -> None:
    assert link("Job", "https://example.org/?a=1&b=2").html == '<a href="https://example.org/?a=1&amp;b=2">Job</a>'
    assert "<a" not in link("Job", "javascript:alert(1)").html
    assert "<a" not in link("", "https://example.org/").html


def test_an_address_cannot_leave_its_quotes() -> None:
    shown, marked = read_html(link("Job", 'https://example.org/"onclick="x').html)
    assert (shown, [part.url for part in marked]) == ("Job", ['https://example.org/"onclick="x'])


def test_empty_parts_are_not_joined() -> None:
    assert joined((Markup(), exact("a"), Markup(), exact("b"))).html == "a\nb"
    assert Markup().inside("b") == Markup()


def test_templates_get_neutral_text() -> None:
    assert escape("<b>@durov") == f"&lt;b&gt;@{JOINER}durov"
