"""Bodies without their markup."""

from __future__ import annotations

import pytest

from headgate.bots.chat import Button
from headgate.connectors.bounds import within
from headgate.connectors.telegram.plain_text import without_markup
from headgate.connectors.telegram.rendering import BOUNDS, LONGEST, send_message
from headgate.connectors.telegram.targets import Target
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message
from headgate.testing.telegram.active import active_parts
from headgate.testing.telegram.formatting import units
from headgate.testing.telegram.parameters import METHODS

HOSTILE_MESSAGES = {name: hostile_message(text) for name, text in HOSTILE.items()} | {"crowded": crowded_message()}


@pytest.mark.parametrize("name", HOSTILE_MESSAGES)
def test_without_its_markup_a_text_still_does_nothing(name: str) -> None:
    body = without_markup(send_message(Target(1), within(HOSTILE_MESSAGES[name], BOUNDS), buttons=(Button("a", "b"),)))
    METHODS["sendMessage"](body, "sendMessage")
    assert set(body) == {"chat_id", "text", "link_preview_options"}
    assert 0 < units(body["text"]) <= LONGEST
    assert active_parts(body["text"], []) == []


def test_people_read_the_same() -> None:
    body = {"chat_id": 1, "text": 'a &lt; <b>b</b> <a href="https://x.org/">c</a>', "parse_mode": "HTML"}
    assert without_markup(body) == {"chat_id": 1, "text": "a < b c"}


def test_a_text_that_grows_is_cut_between_signs() -> None:
    body = without_markup({"chat_id": 1, "text": "<code>" + "@\N{PILE OF POO}" * 1300 + "</code>"})
    assert units(body["text"]) in (LONGEST - 1, LONGEST)
    assert body["text"].endswith("\N{HORIZONTAL ELLIPSIS}")
