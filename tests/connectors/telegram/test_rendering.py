"""Messages as the body of sendMessage."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.bots.chat import Button
from headgate.connectors.bounds import within
from headgate.connectors.samples import SAMPLES
from headgate.connectors.telegram.markup import exact
from headgate.connectors.telegram.rendering import BOUNDS, DIGEST_ROOM, LONGEST, MOST_MARKS, send_message
from headgate.connectors.telegram.targets import Target
from headgate.model.message import Bar, DigestLine, Fact, JobIdentity, LogTail, Message, Outcome
from headgate.notify.digest import fold
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message
from headgate.testing.telegram.active import active_parts
from headgate.testing.telegram.formatting import Part, read_html, units
from headgate.testing.telegram.parameters import METHODS

HOSTILE_MESSAGES = {name: hostile_message(text) for name, text in HOSTILE.items()} | {"crowded": crowded_message()}
STARTED = Message(
    title='Started: job 17 "hello"',
    outcome=Outcome.STARTED,
    time=0,
    job=JobIdentity(cluster="dev", job_id="17", name="hello", user="ada"),
    summary="It waited for 2 min.",
    facts=(Fact(label="Nodes", value="node01"),),
)


def rendered(message: Message) -> tuple[dict[str, Any], str, list[Part]]:
    body = send_message(Target(17), within(message, BOUNDS))
    METHODS["sendMessage"](body, "sendMessage")
    return body, *read_html(body["text"])


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_what_telegram_takes_and_nothing_in_them_is_active(name: str) -> None:
    body, text, parts = rendered(SAMPLES[name])
    assert text.split(" ", 1)[1].startswith(SAMPLES[name].title.split(":")[0])
    assert active_parts(text, parts) == []
    assert body["link_preview_options"] == {"is_disabled": True}


@pytest.mark.parametrize("name", HOSTILE_MESSAGES)
def test_hostile_text_does_nothing_and_stays_within_the_limits(name: str) -> None:
    _, text, parts = rendered(HOSTILE_MESSAGES[name])
    assert 0 < units(text) <= LONGEST
    assert len(parts) <= MOST_MARKS
    assert active_parts(text, parts) == []
    assert all(part.url.startswith("https://example.org/") for part in parts if part.type == "text_link")


def test_a_started_job_is_told_in_a_few_lines() -> None:
    _, text, _ = rendered(STARTED)
    assert text == '🔵 Started: job 17 "hello"\nJob 17 · dev · ada\nIt waited for 2 min.\n\nNodes: node01'


def test_what_matters_less_gives_way_and_how_much_is_said() -> None:
    _, text, _ = rendered(crowded_message())
    assert text.splitlines()[0].endswith("Failed: everything")
    assert "Link 4" in text
    assert "Bar 0" in text
    assert text.splitlines()[-1].endswith("left out of this message.")


def test_the_last_lines_of_a_log_are_kept() -> None:
    log = LogTail(path="/out", lines=tuple(f"line {number} {'x' * 100}" for number in range(30)))
    _, text, parts = rendered(Message(title="t", outcome=Outcome.FAILED, time=0, log=log))
    assert "line 29 " in text
    assert "line 0 " not in text
    assert "pre" in {part.type for part in parts}


def test_a_digest_names_each_message_with_its_outcome() -> None:
    lines = tuple(DigestLine(outcome=Outcome.FAILED, text=f'Failed: job {n} "train"') for n in range(100))
    _, text, _ = rendered(Message(title="100 messages", outcome=Outcome.NEUTRAL, time=0, digest=lines))
    assert text.count("🔴 Failed: job") == 100


@pytest.mark.parametrize("filling", ["@", "\N{PILE OF POO}.", "plain name ", "/a"])
def test_a_digest_of_the_promised_size_is_shown_whole(filling: str) -> None:
    text = (filling * 240)[:236]
    messages = [Message(title=f"{n:02} {text}", outcome=Outcome.FAILED, time=0) for n in range(40)]
    digest, folded = fold(messages, now=0, room=DIGEST_ROOM, lines=BOUNDS.digest)
    _, shown, _ = rendered(digest)
    assert 1 < folded < 40
    assert [f"{n:02} " in shown for n in range(folded)] == [True] * folded
    assert "left out" not in shown
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown


@pytest.mark.parametrize(
    ("fraction", "drawn"),
    [(0.0, "░" * 10), (0.001, "█" + "░" * 9), (0.999, "█" * 9 + "░"), (1.0, "█" * 10), (12.0, "█" * 10)],
)
def test_a_bar_is_full_or_empty_only_if_that_is_so(fraction: float, drawn: str) -> None:
    bar = Bar(label="CPU", fraction=fraction, text="t")
    _, text, _ = rendered(Message(title="t", outcome=Outcome.FAILED, time=0, bars=(bar,)))
    assert f"CPU {drawn} " in text


def test_buttons_say_their_command_and_danger_is_red() -> None:
    buttons = (Button("Show output", "output 17"), Button("Cancel", "cancel 17", danger=True))
    body = send_message(Target(-100, 4), within(STARTED, BOUNDS), buttons=buttons)
    METHODS["sendMessage"](body, "sendMessage")
    assert body["chat_id"] == -100
    assert body["message_thread_id"] == 4
    assert body["reply_markup"]["inline_keyboard"] == [
        [
            {"text": "Show output", "callback_data": "output 17"},
            {"text": "Cancel", "callback_data": "cancel 17", "style": "danger"},
        ]
    ]


def test_a_sites_own_text_stands_below_the_title() -> None:
    body = send_message(Target(1), STARTED, body=exact("ours").inside("u"))
    assert body["text"] == '🔵 <b>Started: job 17 "hello"</b>\n<u>ours</u>'
