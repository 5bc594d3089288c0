from __future__ import annotations

import pytest

from headgate.bots.chat import Answer, Button
from headgate.connectors.mattermost.answering import answer_post
from headgate.testing.conformance.hostile import HOSTILE
from tests.connectors.mattermost.reading import read

CHANNEL = "c" * 26
OURS = {"fence", "code_inline"} | {
    f"{what}_{which}" for what in ("bullet_list", "list_item") for which in ("open", "close")
}


def text_of(answer: Answer, longest: int = 16383) -> str:
    return str(answer_post(answer, channel=CHANNEL, thread="", key="p1", longest=longest)["message"])


def test_an_answer_is_a_post() -> None:
    post = answer_post(Answer("Hello"), channel=CHANNEL, thread="t" * 26, key="p1", longest=4000)
    assert post == {
        "channel_id": CHANNEL,
        "message": "Hello",
        "pending_post_id": "headgate:answer:p1",
        "root_id": "t" * 26,
    }


def test_lists_stay_lists_and_code_is_fixed_width() -> None:
    assert text_of(Answer("Two:\n- one\n- two", code="a  b")) == "Two:\n- one\n- two\n\n```\na  b\n```"


def test_buttons_are_named_since_there_are_none() -> None:
    buttons = (Button("Cancel", "cancel 17"), Button("Mute", "mute 2h"))
    assert text_of(Answer("Sure?", buttons=buttons)) == "Sure?\n\nYou can say: `cancel 17` · `mute 2h`"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_does_nothing(name: str) -> None:
    text = text_of(Answer(HOSTILE[name], code=HOSTILE[name]))
    assert read(text).effects <= OURS


@pytest.mark.parametrize("longest", [1000, 4000])
def test_an_answer_is_never_longer_than_a_post(longest: int) -> None:
    answer = Answer("*long* " * 100_000 + "\n*" * 5000, code="~`" * 1000 + "\nline" * 10_000)
    assert len(text_of(answer, longest)) <= longest
