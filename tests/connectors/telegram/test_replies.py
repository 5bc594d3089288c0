"""Answers as the body of sendMessage."""

from __future__ import annotations

import pytest

from headgate.bots.chat import Answer, Button
from headgate.connectors.telegram.rendering import LONGEST
from headgate.connectors.telegram.replies import in_private_only, reply_of
from headgate.connectors.telegram.targets import Target
from headgate.testing.conformance.hostile import HOSTILE
from headgate.testing.telegram.active import active_parts
from headgate.testing.telegram.formatting import read_html, units
from headgate.testing.telegram.parameters import METHODS


def test_lines_code_and_buttons_are_there() -> None:
    answer = Answer("Your jobs:\n- one\n- two", "17 RUNNING\n18 PENDING", (Button("Cancel", "cancel 17", danger=True),))
    body = reply_of(Target(-100, 4), answer, reply_to=9)
    METHODS["sendMessage"](body, "sendMessage")
    assert body["text"] == "Your jobs:\n• one\n• two\n<pre>17 RUNNING\n18 PENDING</pre>"
    assert body["reply_parameters"] == {"message_id": 9, "allow_sending_without_reply": True}
    assert body["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "cancel 17"


def test_a_single_line_of_code_can_be_copied_with_one_tap() -> None:
    body = reply_of(Target(1), Answer("Write:", "--mail-user=telegram:1"))
    assert body["text"] == "Write:\n<code>--mail-user=telegram:1</code>"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_do_nothing_and_fit(name: str) -> None:
    text = HOSTILE[name]
    body = reply_of(Target(1), Answer(f"{text}\n- {text}", f"{text}\n{text}"))
    METHODS["sendMessage"](body, "sendMessage")
    shown, parts = read_html(body["text"])
    assert 0 < units(shown) <= LONGEST
    assert active_parts(shown, parts) == []


def test_a_long_answer_is_cut_between_lines() -> None:
    body = reply_of(Target(1), Answer("x " * 50 + "\n" + "line of text\n" * 500, "output\n" * 5000))
    shown, parts = read_html(body["text"])
    assert units(shown) <= LONGEST
    assert shown.endswith("…")
    assert [part.type for part in parts] == ["pre"]


def test_an_empty_answer_is_still_a_text() -> None:
    assert reply_of(Target(1), Answer(""))["text"] == "…"


def test_in_a_group_people_are_shown_the_way_to_a_private_chat() -> None:
    body = in_private_only(Target(-1), "headgate_bot", reply_to=3)
    METHODS["sendMessage"](body, "sendMessage")
    shown, parts = read_html(body["text"])
    assert shown == "I do not say this here. Write to me in private first."
    assert [part.url for part in parts] == ["https://t.me/headgate_bot"]
