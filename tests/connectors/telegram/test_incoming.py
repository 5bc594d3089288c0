"""Which updates are meant for the bot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies

from headgate.bots.chat import Incoming
from headgate.connectors.telegram.incoming import Addressed, Myself, addressed
from headgate.connectors.telegram.targets import Target
from headgate.connectors.telegram.updates import read_updates
from headgate.testing.telegram.chats import Chat, Person
from headgate.testing.telegram.updates import Updates

ME = Myself(99, "Headgate_Bot")
PRIVATE, GROUP = Chat(1001), Chat(-100200, "supergroup", "Strangers", topics={4})
ADA = Person(1001, "Ada")


def heard(put: Updates) -> Addressed | None:
    read = read_updates(put.waiting)
    assert read is not None
    return addressed(read[-1], ME, "showmeslurm")


def said(chat: Chat, text: str, person: Person = ADA, **more: Any) -> str | None:
    put = Updates()
    put.say(chat, person, text, **more)
    found = heard(put)
    return found.said.text if found else None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jobs", "jobs"),
        ("  job 17 ", "job 17"),
        ("/jobs", "jobs"),
        ("/job 17", "job 17"),
        ("/job@headgate_bot 17", "job 17"),
        ("/start", "help"),
        ("/start abc", "help"),
        ("/HELP", "help"),
        ("showmeslurm jobs", "jobs"),
        ("showmeslurm", "help"),
        ("@headgate_bot jobs", "jobs"),
        ("@headgate_bot", "help"),
        ("jobs\nof mine", "jobs of mine"),
        ("/jobs@other_bot", None),
    ],
)
def test_in_private_everything_is_for_the_bot(text: str, words: str | None) -> None:
    assert said(PRIVATE, text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jobs", None),
        ("help", None),
        ("/jobs", None),
        ("/jobs@other_bot", None),
        ("who knows showmeslurm?", None),
        ("showmeslurmx jobs", None),
        ("mail@headgate_bot", None),
        ("@headgate_bottle jobs", None),
        ("showmeslurm jobs", "jobs"),
        ("ShowMeSlurm: jobs", "jobs"),
        ("/jobs@Headgate_Bot", "jobs"),
        ("/start@headgate_bot", "help"),
        ("@headgate_bot jobs", "jobs"),
        ("💩💩 @HEADGATE_BOT jobs", "💩💩 jobs"),
        ("hey @headgate_bot", "hey"),
        ("@headgate_bot showmeslurm jobs", "jobs"),
    ],
)
def test_in_a_group_only_what_is_addressed_to_the_bot_is(text: str, words: str | None) -> None:
    assert said(GROUP, text) == words


def test_bots_forwards_and_channels_are_not_answered() -> None:
    origin = {"type": "user", "date": 1, "sender_user": ADA.as_json()}
    assert said(PRIVATE, "jobs", Person(5, "Bot", is_bot=True)) is None
    assert said(PRIVATE, "cancel 17", forward_origin=origin) is None
    assert said(PRIVATE, "cancel 17", via_bot=Person(5, "Bot", is_bot=True).as_json()) is None
    put = Updates()
    put.put_raw({"channel_post": put.message(GROUP, {}, "showmeslurm", [])})
    assert heard(put) is None


def test_what_was_said_tells_who_and_where() -> None:
    put = Updates()
    put.say(GROUP, ADA, "showmeslurm jobs", topic=4)
    found = heard(put)
    assert found is not None
    assert found.said == Incoming("1001", "Ada", "-100200/4", private=False, text="jobs")
    assert found.target == Target(-100200, 4)
    assert found.reply_to == put.waiting[0]["message"]["message_id"]
    put.say(PRIVATE, ADA, "jobs")
    found = heard(put)
    assert found is not None
    assert found.said == Incoming("1001", "Ada", "1001", private=True, text="jobs")
    assert found.reply_to is None


def test_a_pressed_button_says_its_command() -> None:
    put = Updates()
    under = put.message(PRIVATE, {"id": 99, "is_bot": True, "first_name": "H"}, "text", [])
    query = put.press(ADA, under, "cancel 17")
    found = heard(put)
    assert found is not None
    assert found.said == Incoming("1001", "Ada", "1001", private=True, text="cancel 17", pressed=True)
    assert found.query == query


def test_a_button_pressed_in_a_group_is_not_private() -> None:
    put = Updates()
    put.press(ADA, put.message(GROUP, {"id": 99, "is_bot": True, "first_name": "H"}, "text", []), "jobs")
    found = heard(put)
    assert found is not None
    assert (found.said.private, found.said.place) == (False, "-100200")


def test_whoever_adds_the_bot_to_a_group_is_told_how_to_use_it() -> None:
    put = Updates()
    put.add_bot(GROUP, ADA, {"id": 99, "is_bot": True, "first_name": "H"})
    found = heard(put)
    assert found is not None
    assert found.said == Incoming("1001", "Ada", "-100200", private=False, text="help")
    put.add_bot(Chat(-100300, "channel", "News"), ADA, {"id": 99, "is_bot": True, "first_name": "H"})
    assert heard(put) is None


JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=8),
    lambda inner: (
        strategies.lists(inner, max_size=3) | strategies.dictionaries(strategies.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    strategies.text(max_size=30),
    strategies.lists(strategies.tuples(strategies.integers(0, 40), strategies.integers(0, 40)), max_size=3),
)
def test_entities_that_lie_harm_nobody(text: str, places: list[tuple[int, int]]) -> None:
    message = Updates().message(GROUP, ADA.as_json(), text, [])
    for kind in ("mention", "bot_command"):
        message["entities"] = [{"type": kind, "offset": start, "length": length} for start, length in places]
        read = read_updates([{"update_id": 1, "message": message}])
        assert read is not None
        addressed(read[0], ME, "showmeslurm")


@given(JSON)
def test_updates_of_any_kind_harm_nobody(update: Any) -> None:
    for raw in (update, {"update_id": 1, "message": update}, {"update_id": 1, "callback_query": update}):
        for read in read_updates([raw]) or []:
            addressed(read, ME, "showmeslurm")
