from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.bots.chat import Incoming
from headgate.connectors.slack.events import Envelope, Heard, acknowledgement, heard, read_envelope

BOT = "U0BOT"


def told(**event: Any) -> Heard | None:
    given_event = {"type": "message", "user": "U0ADA", "channel": "D0ADA", "ts": "1795.1", "text": "jobs", **event}
    return heard(Envelope("events_api", "e", {"event": given_event}), bot=BOT, trigger="showmeslurm")


def pressed(**payload: Any) -> Heard | None:
    whole = {
        "type": "block_actions",
        "user": {"id": "U0ADA", "name": "ada"},
        "channel": {"id": "C0GENERAL"},
        "container": {"thread_ts": "1795.5"},
        "actions": [{"value": "output 17", "action_ts": "1.2"}],
        **payload,
    }
    return heard(Envelope("interactive", "e", whole), bot=BOT, trigger="showmeslurm")


def test_what_is_written_to_the_app_is_for_the_bot() -> None:
    assert told() == Heard(Incoming("U0ADA", "U0ADA", "U0ADA", private=True, text="jobs"), "D0ADA 1795.1", "D0ADA")


@pytest.mark.parametrize("text", ["<@U0BOT> job 17", " <@U0BOT>: job 17 ", "<@U0BOT|headgate>, job 17"])
def test_a_mention_in_front_is_taken_off(text: str) -> None:
    what = told(type="app_mention", channel="C0GENERAL", text=text)
    assert what is not None
    assert what.incoming == Incoming("U0ADA", "U0ADA", "C0GENERAL", private=False, text="job 17")


@pytest.mark.parametrize(("text", "rest"), [("showmeslurm", ""), ("ShowMeSlurm job 17", "job 17")])
def test_the_trigger_in_front_addresses_the_bot_in_a_channel(text: str, rest: str) -> None:
    what = told(channel="C0GENERAL", channel_type="channel", text=text)
    assert what is not None
    assert what.incoming.text == rest


@pytest.mark.parametrize(
    "text", ["jobs", "we said showmeslurm yesterday", "showmeslurmx", "hello <@U0BOB>", "<@U0BOB> <@U0BOT> jobs", ""]
)
def test_what_is_said_to_others_in_a_channel_is_not_heard(text: str) -> None:
    assert told(channel="C0GENERAL", channel_type="channel", text=text) is None


def test_a_mention_within_a_sentence_asks_for_help_and_gives_no_command() -> None:
    what = told(type="app_mention", channel="C0GENERAL", text="cancel 17 or ask <@U0BOT>")
    assert what is not None
    assert what.incoming.text == ""


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B1"},
        {"subtype": "message_changed"},
        {"subtype": "bot_message"},
        {"edited": {"user": "U0ADA"}},
        {"user": BOT},
        {"user": None},
        {"user": "USLACKBOT<!channel>"},
        {"channel": "../x"},
        {"text": None},
        {"ts": 5},
    ],
    ids=str,
)
def test_bots_changes_and_what_is_no_event_are_not_heard(more: dict[str, Any]) -> None:
    assert told(**more) is None


def test_the_same_words_told_as_mention_and_as_message_have_one_key() -> None:
    ways = [told(type=kind, channel="C0GENERAL", text="<@U0BOT> jobs") for kind in ("message", "app_mention")]
    assert len({way.key for way in ways if way}) == 1
    assert all(ways)


def test_what_is_said_in_a_thread_is_answered_there() -> None:
    what = told(type="app_mention", channel="C0GENERAL", text="<@U0BOT> jobs", thread_ts="1795.0")
    assert what is not None
    assert what.thread == "1795.0"


def test_markup_of_slacks_is_read_back_as_it_was_written() -> None:
    what = told(text="job &lt;17&gt; &amp; <http://x.org|x.org> <mailto:a@b.c>")
    assert what is not None
    assert what.incoming.text == "job <17> & x.org mailto:a@b.c"


def test_a_long_text_is_read_only_in_its_beginning() -> None:
    what = told(text="x" * 100_000)
    assert what is not None
    assert len(what.incoming.text) == 1000


def test_a_pressed_button_says_its_command() -> None:
    what = pressed()
    assert what is not None
    assert what.incoming == Incoming("U0ADA", "ada", "C0GENERAL", private=False, text="output 17", pressed=True)
    assert what.thread == "1795.5"


@pytest.mark.parametrize(
    "more",
    [
        {"type": "view_submission"},
        {"actions": []},
        {"actions": ["x"]},
        {"actions": [{"value": "x" * 61}]},
        {"actions": [{"value": "a\nb"}]},
        {"actions": [{"value": None}]},
        {"user": None},
        {"user": {"id": BOT}},
        {"channel": {"id": "#general"}},
        {"channel": None},
    ],
    ids=str,
)
def test_a_press_that_is_none_of_ours_is_not_heard(more: dict[str, Any]) -> None:
    assert pressed(**more) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["events_api", "interactive", "hello"]), JSON, JSON, JSON)
def test_no_push_is_too_strange(kind: str, payload: object, one: object, other: object) -> None:
    whole = {"event": one, "type": "block_actions", "user": other, "channel": {"id": "C0X"}, "actions": one}
    for each in (payload, whole, {"event": {"user": one, "text": other, "channel": payload, "ts": one}}):
        envelope = read_envelope(json.dumps({"type": kind, "envelope_id": one, "payload": each}))
        assert envelope is not None
        heard(envelope, bot=BOT, trigger="t")


@pytest.mark.parametrize("frame", ["", "x", "[]", "{}", '{"type":5}', "[" * 100_000])
def test_a_frame_that_is_no_envelope_is_none(frame: str) -> None:
    assert read_envelope(frame) is None


def test_an_acknowledgement_names_its_envelope() -> None:
    assert json.loads(acknowledgement("e-1")) == {"envelope_id": "e-1"}
