from __future__ import annotations

import json

import pytest

from headgate.connectors.bounds import within
from headgate.connectors.payload import BOUNDS, body_of
from headgate.connectors.samples import FAILED
from headgate.model.event import Event, EventKind, Source
from headgate.model.message import Message
from headgate.testing.conformance.hostile import HOSTILE, hostile_message


def test_the_body_holds_version_key_recipient_events_and_message() -> None:
    payload = json.loads(body_of(FAILED, recipient="webhook:ops", key="d-1"))
    assert payload["version"] == 1
    assert payload["events"] == []
    assert payload["key"] == "d-1"
    assert payload["recipient"] == "webhook:ops"
    assert Message.model_validate(payload["message"]) == FAILED


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_text(name: str) -> None:
    message = within(hostile_message(HOSTILE[name]), BOUNDS)
    payload = json.loads(body_of(message, recipient="webhook:ops", key="d-1"))
    assert set(payload) == {"version", "events", "key", "recipient", "message"}
    assert Message.model_validate(payload["message"]) == message


def test_the_body_tells_programs_what_happened() -> None:
    event = Event(
        key="mail/c/1",
        kind=EventKind.MAIL_REQUESTED,
        time=5.0,
        subject="job 7",
        source=Source.MAIL,
        cluster="c",
        job_id=7,
        user="ada",
        data={"kind": "failed"},
    )
    [told] = json.loads(body_of(FAILED, recipient="webhook:ops", key="d-1", events=[event]))["events"]
    assert (told["kind"], told["job_id"], told["data"]) == ("mail.requested", 7, {"kind": "failed"})
