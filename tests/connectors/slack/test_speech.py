from __future__ import annotations

import pytest
from slack_sdk.models.blocks import Block

from headgate.bots.chat import Answer, Button
from headgate.connectors.slack.speech import said
from headgate.testing.conformance.hostile import HOSTILE
from headgate.testing.slack.blockkit import check_blocks
from tests.connectors.slack.mrkdwn import findings, markup, types


def test_lines_lists_code_and_buttons_are_slacks_own() -> None:
    answer = Answer(
        "Two jobs:\n- 17 runs\n- 18 waits\nThat is all.", "--mail-user=slack:U0ADA", (Button("Help", "help"),)
    )
    rich, row = said(answer)["blocks"]
    assert [each["type"] for each in rich["elements"]] == [
        "rich_text_section",
        "rich_text_list",
        "rich_text_section",
        "rich_text_preformatted",
    ]
    assert [each["elements"][0]["text"] for each in rich["elements"][1]["elements"]] == ["17 runs", "18 waits"]
    assert rich["elements"][3]["elements"][0]["text"] == "--mail-user=slack:U0ADA"
    assert row["elements"][0]["value"] == "help"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_answer_is_more_than_text_or_more_than_slack_takes(name: str) -> None:
    text = HOSTILE[name]
    payload = said(Answer(f"{text}\n- {text}", code=text, buttons=(Button("Help", "help"),)))
    check_blocks(payload["blocks"])
    assert all(Block.parse(block) for block in payload["blocks"])
    assert payload["text"]
    assert len(payload["text"]) <= 4000
    assert findings(markup(payload)) == []
    assert not types(payload["blocks"]) & {"mrkdwn", "user", "broadcast", "channel", "link"}


def test_code_that_is_too_long_keeps_its_end() -> None:
    payload = said(Answer("Output:", code="\n".join(f"line {n}" for n in range(5000))))
    shown = payload["blocks"][0]["elements"][-1]["elements"][0]["text"]
    assert shown.startswith("\u2026\n")
    assert shown.endswith("line 4999")


def test_an_answer_of_nothing_says_so() -> None:
    assert said(Answer(""))["blocks"][0]["elements"][0]["text"] == "Nothing to show."
