from __future__ import annotations

import json
from typing import Any

import pytest
from slack_sdk.models.blocks import Block

from headgate.bots.chat import Button
from headgate.connectors.bounds import within
from headgate.connectors.samples import FAILED, SAMPLES
from headgate.connectors.slack.blocks import MAX_BLOCKS, weight
from headgate.connectors.slack.rendering import BOUNDS, DIGEST_ROOM, ROOM, payload_of
from headgate.connectors.style import STYLES
from headgate.model.message import DigestLine, Fact, JobIdentity, Link, Message, Outcome
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message
from headgate.testing.slack.blockkit import check_attachments, check_blocks, text_in
from tests.connectors.slack.mrkdwn import LITERAL, findings, markup, texts, types, urls

STARTED = Message(
    title='Started: job 17 "hello"',
    outcome=Outcome.STARTED,
    time=1_795_000_000.0,
    job=JobIdentity(cluster="dev", job_id="17", name="hello", user="ada"),
    facts=(Fact(label="Nodes", value="node01"),),
)
ARRAY = Message(
    title="18 of 20 tasks completed, 2 failed: job 19 (sweep)",
    outcome=Outcome.MIXED,
    time=1_795_000_000.0,
    job=JobIdentity(cluster="dev", job_id="19_*", name="sweep", user="ada"),
    summary="The array ended after 2 h.",
    facts=(Fact(label="Failed", value="19_3, 19_7"),),
)
MESSAGES = {
    **SAMPLES,
    "started": STARTED,
    "array": ARRAY,
    "crowded": crowded_message(),
    **{f"hostile {name}": hostile_message(text) for name, text in HOSTILE.items()},
}
BUTTONS = (Button("Show output", "output 17"), Button("Cancel", "cancel 17", danger=True))


def rendered(message: Message, **more: Any) -> dict[str, Any]:
    return payload_of(within(message, BOUNDS), channel="C0GENERAL", **more)


def all_blocks(payload: dict[str, Any]) -> list[dict[str, Any]]:
    return [*payload["blocks"], *(block for each in payload["attachments"] for block in each["blocks"])]


def shown(payload: dict[str, Any]) -> str:
    return "\n".join(text for _, text in texts(all_blocks(payload)))


@pytest.mark.parametrize("name", MESSAGES)
def test_every_block_is_one_that_slacks_own_library_takes(name: str) -> None:
    for block in all_blocks(rendered(MESSAGES[name], buttons=BUTTONS)):
        parsed = Block.parse(block)
        assert parsed is not None
        assert json.loads(json.dumps(parsed.to_dict()))["type"] == block["type"]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_keeps_to_the_documented_limits(name: str) -> None:
    payload = rendered(MESSAGES[name], buttons=BUTTONS)
    check_blocks(payload["blocks"])
    check_attachments(payload["attachments"])
    assert len(all_blocks(payload)) <= MAX_BLOCKS
    assert text_in(all_blocks(payload)) < 11_000
    assert len(payload["text"]) <= 4000
    assert payload["text"]


@pytest.mark.parametrize("name", MESSAGES)
def test_no_text_of_a_job_is_more_than_text(name: str) -> None:
    payload = rendered(MESSAGES[name], buttons=BUTTONS)
    assert findings(markup(payload)) == []
    assert {kind for kind, _ in texts(payload)} <= LITERAL | {"mrkdwn", "link"}
    assert not types(payload) & {"user", "usergroup", "channel", "broadcast", "emoji", "date", "markdown"}
    assert all(url.startswith("https://example.org/") or "hpc.example.org" in url for url in urls(payload))


def test_mrkdwn_links_nothing_by_itself_and_unfurls_nothing() -> None:
    payload = rendered(FAILED)
    parts = [cell for block in all_blocks(payload) for cell in block.get("fields", ())]
    assert parts
    assert all(cell["verbatim"] for cell in parts)
    assert payload["parse"] == "none"
    assert payload["link_names"] is payload["unfurl_links"] is payload["unfurl_media"] is False


def test_the_outcome_comes_first_and_has_its_colour() -> None:
    payload = rendered(FAILED)
    assert payload["blocks"][0]["text"]["text"].startswith("\u2716 Failed")
    assert payload["attachments"][0]["color"] == STYLES[Outcome.FAILED].colour


def test_a_failure_shows_all_that_is_known() -> None:
    words = shown(rendered(FAILED))
    for each in ("exit code 2", "physics", "run-0001", "41 %", "55.9 GiB", "Is the program told", "Job page", "dev"):
        assert each in words
    assert "ValueError: loss is nan" in words


def test_a_started_job_is_a_few_lines() -> None:
    assert [block["type"] for block in all_blocks(rendered(STARTED))] == ["header", "section", "context"]


def test_a_value_that_mrkdwn_would_change_is_shown_letter_by_letter() -> None:
    message = STARTED.model_copy(update={"facts": (Fact(label="Name", value="__init__*"),)})
    assert ("text", "__init__*") in set(texts(rendered(message)))


def test_buttons_say_their_command() -> None:
    row = all_blocks(rendered(FAILED, buttons=BUTTONS))[-1]
    assert [(each["value"], each.get("style")) for each in row["elements"]] == [
        ("output 17", None),
        ("cancel 17", "danger"),
    ]


def test_only_web_addresses_become_links() -> None:
    wanted = "https://hpc.example.org/jobs/17?view=all#end"
    links = (wanted, "javascript:alert(1)", "https://x|y", "file:///etc/passwd", "http://a b", "https://x\u2028y/")
    message = STARTED.model_copy(update={"links": tuple(Link(label="x", url=url) for url in links[:3])})
    more = STARTED.model_copy(update={"links": tuple(Link(label="x", url=url) for url in links[3:])})
    assert urls(rendered(message)) == [wanted]
    assert urls(rendered(more)) == []


def test_a_digest_names_failures_first() -> None:
    words = shown(rendered(SAMPLES["digest"]))
    assert words.index("job 102") < words.index("job 101") < words.index("job 100")


@pytest.mark.parametrize("length", [20, 80, 480])
def test_a_digest_that_fills_its_room_is_shown_in_full(length: int) -> None:
    number = DIGEST_ROOM // (length + 4)
    lines = tuple(
        DigestLine(outcome=Outcome.FAILED, text=f"{n:05} ".ljust(length - 1, "x") + ".") for n in range(number)
    )
    payload = rendered(Message(title="Many", outcome=Outcome.NEUTRAL, time=0, digest=lines, summary="s" * 300))
    words = shown(payload)
    assert all(f"{n:05} {'x' * (length - 7)}." in words for n in range(number))
    assert "left out" not in words


def test_what_does_not_fit_is_said_to_be_left_out_and_the_foot_stays() -> None:
    payload = rendered(crowded_message(), buttons=BUTTONS)
    assert "The rest is left out" in shown(payload)
    assert all_blocks(payload)[-1]["type"] == "actions"
    assert weight(all_blocks(payload)) <= ROOM + 1000


def test_a_sites_own_text_stands_in_place_of_the_body() -> None:
    payload = rendered(FAILED, body="*Oh no* <https://hpc.example.org/|help>\n" + "long line\n" * 500)
    inside = payload["attachments"][0]["blocks"]
    assert inside[0]["text"]["text"].startswith("*Oh no* <https://hpc.example.org/|help>")
    assert inside[0]["text"]["verbatim"]
    assert "Partition" not in shown(payload)
    assert payload["blocks"][0]["text"]["text"].startswith("\u2716 Failed")
    check_attachments(payload["attachments"])


def test_a_message_of_nothing_but_a_title_has_no_attachment() -> None:
    payload = rendered(Message(title="Hello", outcome=Outcome.NEUTRAL, time=0))
    assert payload["attachments"] == []
