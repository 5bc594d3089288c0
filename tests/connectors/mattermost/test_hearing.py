from __future__ import annotations

import json
from typing import Any

import pytest

from headgate.bots.chat import Incoming
from headgate.connectors.mattermost.hearing import MAX_TEXT, Heard, Self, addressed, heard

BOT = Self("b" * 26, "headgate")
ADA, CHANNEL, POST, ROOT = "a" * 26, "c" * 26, "p" * 26, "r" * 26


def event(text: object = "jobs", kind: str = "D", **post: Any) -> dict[str, Any]:
    inner = {"id": POST, "user_id": ADA, "channel_id": CHANNEL, "message": text, "type": "", "root_id": "", "props": {}}
    data = {"channel_type": kind, "sender_name": "@ada", "post": json.dumps({**inner, **post})}
    return {"event": "posted", "data": data, "seq": 1}


def listen(event: object) -> Heard | None:
    return heard(event, BOT, "showmeslurm")


def test_in_private_everything_is_for_the_bot() -> None:
    assert listen(event(" jobs ")) == Heard(Incoming(ADA, "ada", CHANNEL, private=True, text="jobs"), POST, POST)


def test_in_a_channel_only_what_addresses_it() -> None:
    said = listen(event("@headgate job 17", "O"))
    assert said == Heard(Incoming(ADA, "ada", CHANNEL, private=False, text="job 17"), POST, POST)
    assert listen(event("jobs", "O")) is None
    assert listen(event("ask @headgate for jobs", "P")) is None
    assert listen(event("jobs", "G")) is None


def test_an_answer_goes_into_the_thread() -> None:
    said = listen(event("@headgate jobs", "O", root_id=ROOT))
    assert said is not None
    assert said.thread == ROOT


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("@headgate", ""),
        ("@Headgate: jobs", "jobs"),
        ("  @headgate, job 17", "job 17"),
        ("@headgate.", "."),
        ("showmeslurm", ""),
        ("ShowMeSlurm jobs", "jobs"),
        ("@headgates jobs", None),
        ("@headgate-test jobs", None),
        ("@headgate.test jobs", None),
        ("showmeslurmy", None),
        ("please showmeslurm", None),
        ("", None),
    ],
)
def test_name_or_trigger_at_the_beginning_address_the_bot(text: str, rest: str | None) -> None:
    assert addressed(text, "headgate", "showmeslurm") == rest


@pytest.mark.parametrize(
    "post",
    [
        {"user_id": BOT.id},
        {"type": "system_join_channel"},
        {"props": {"from_webhook": "true"}},
        {"props": {"from_bot": "true"}},
        {"props": {"from_plugin": "true"}},
        {"props": {"override_username": "Ada"}},
        {"props": "x"},
        {"message": 5},
        {"id": "x"},
        {"user_id": None},
        {"channel_id": ["c"]},
    ],
    ids=str,
)
def test_what_no_person_said_is_not_heard(post: dict[str, Any]) -> None:
    assert listen(event("@headgate jobs", **post)) is None


@pytest.mark.parametrize(
    "what",
    [
        None,
        [],
        {},
        {"event": "typing", "data": {}},
        {"event": "posted"},
        {"event": "posted", "data": {"post": "{"}},
        {"event": "posted", "data": {"post": "[]"}},
        {"event": "posted", "data": {"post": 5}},
    ],
    ids=str,
)
def test_other_events_and_nonsense_are_not_heard(what: object) -> None:
    assert listen(what) is None


def test_what_is_heard_is_bounded() -> None:
    said = listen(event("x" * 1_000_000))
    assert said is not None
    assert len(said.incoming.text) == MAX_TEXT
