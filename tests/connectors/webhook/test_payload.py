from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from headgate.connectors.bounds import Bounds, within
from headgate.connectors.samples import FAILED
from headgate.connectors.webhook.payload import body_of, sign, verify
from headgate.model.event import Event, EventKind, Source
from headgate.model.message import Message
from headgate.testing.conformance.hostile import HOSTILE, hostile_message

SECRET = "0123456789abcdef"


def test_the_body_holds_version_key_recipient_events_and_message() -> None:
    payload = json.loads(body_of(FAILED, recipient="webhook:ops", key="d-1"))
    assert payload["version"] == 1
    assert payload["events"] == []
    assert payload["key"] == "d-1"
    assert payload["recipient"] == "webhook:ops"
    assert Message.model_validate(payload["message"]) == FAILED


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_text(name: str) -> None:
    message = within(hostile_message(HOSTILE[name]), Bounds())
    payload = json.loads(body_of(message, recipient="webhook:ops", key="d-1"))
    assert set(payload) == {"version", "events", "key", "recipient", "message"}
    assert Message.model_validate(payload["message"]) == message


def test_the_signature_is_the_hmac_of_timestamp_dot_body() -> None:
    expected = hmac.new(SECRET.encode(), b"1700000000.{}", hashlib.sha256).hexdigest()
    assert sign(b"{}", 1_700_000_000, SECRET) == f"v1={expected}"


def test_a_receiver_takes_what_was_signed_lately_and_nothing_else() -> None:
    signature = sign(b"{}", 1000, SECRET)
    assert verify(b"{}", 1000, signature, secret=SECRET, now=1299)
    assert not verify(b"{}", 1000, signature, secret=SECRET, now=1301)
    assert not verify(b"{ }", 1000, signature, secret=SECRET, now=1000)
    assert not verify(b"{}", 1001, signature, secret=SECRET, now=1000)
    assert not verify(b"{}", 1000, signature, secret="another-secret-16", now=1000)
    assert not verify(b"{}", 1000, "\u00fc", secret=SECRET, now=1000)


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
