from __future__ import annotations

import json

import pytest

from headgate.connectors.rabbitmq.post import place_of, post_of
from headgate.connectors.rabbitmq.settings import Destination
from headgate.connectors.samples import SAMPLES
from headgate.model.event import Event, EventKind, Source
from headgate.notify.connector import Envelope
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message

OPS = Destination(queue="jobs")
MOST = 16 * 1024 * 1024
"""Octets of a message that RabbitMQ 4 takes as it comes."""


@pytest.mark.parametrize(
    ("destination", "exchange", "place"),
    [
        (Destination(queue="q"), "x", ("", "q")),
        (Destination(exchange="e", routing_key="k"), "x", ("e", "k")),
        (Destination(exchange="e", routing_key=""), "x", ("e", "")),
        (Destination(routing_key="k"), "x", ("x", "k")),
        (Destination(routing_key="k"), "", ("", "k")),
    ],
    ids=["queue", "exchange", "no key", "connector's exchange", "default exchange"],
)
def test_where_a_message_goes(destination: Destination, exchange: str, place: tuple[str, str]) -> None:
    assert place_of(destination, exchange) == place


def test_the_body_is_the_json_that_webhooks_send_with_the_events() -> None:
    event = Event(key="k", kind=EventKind.MAIL_REQUESTED, time=5.0, subject="job 7", source=Source.MAIL)
    post = post_of(Envelope("ops", SAMPLES["failed"], "key-1", (event,)), "rabbit", OPS, "")
    body = json.loads(post.body)
    assert set(body) == {"version", "key", "recipient", "events", "message"}
    assert [told["kind"] for told in body["events"]] == ["mail.requested"]
    assert post.headers == {"version": 1, "outcome": "failed"}


def test_the_same_message_is_the_same_post_at_every_attempt() -> None:
    posts = [post_of(Envelope("ops", SAMPLES["digest"], "key-1"), "rabbit", OPS, "") for _ in range(2)]
    assert posts[0] == posts[1]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_inside_the_body(name: str) -> None:
    post = post_of(Envelope("ops", hostile_message(HOSTILE[name]), "key-1"), "rabbit", OPS, "")
    body = json.loads(post.body)
    assert set(body) == {"version", "key", "recipient", "events", "message"}
    assert post.headers == {"version": 1, "outcome": "failed"}
    assert (post.exchange, post.routing_key) == ("", "jobs")


def test_a_crowded_message_is_far_below_what_brokers_take_and_has_a_date() -> None:
    post = post_of(Envelope("ops", crowded_message(), "key-1"), "rabbit", OPS, "")
    assert len(post.body) < MOST / 4
    assert post.moment.year == 9999
