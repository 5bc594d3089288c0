from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.connectors.rabbitmq.settings import RabbitSettings

URL = "amqps://headgate:secret@broker.example.org/jobs"
OPS = {"ops": {"queue": "jobs"}}


@pytest.mark.parametrize(
    "url",
    [
        "http://headgate:secret@broker.example.org/",
        "amqp://broker.example.org/",
        "amqp://headgate@broker.example.org/",
        "amqp://headgate:secret@/",
        "amqp://headgate:secret@broker:port/",
        "amqp://headgate:secret@broker/a/b",
        "amqp://headgate:secret@broker/?no_verify_ssl=1",
        "amqp://headgate:secret@broker/#x",
        "amqp://headgate:sec ret@broker/",
        "",
    ],
)
def test_what_is_no_address_of_a_broker_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RabbitSettings.model_validate({"url": url, "destinations": OPS})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", [URL, "amqp://h:s@127.0.0.1:5673", "amqp://h:s@[::1]/%2F", "amqp://h:p%40ss@b/team%2Fa"]
)
def test_an_address_of_a_broker_is_taken(url: str) -> None:
    assert RabbitSettings.model_validate({"url": url, "destinations": OPS}).url.get_secret_value() == url


@pytest.mark.parametrize(
    "destination",
    [
        {},
        {"exchange": "x"},
        {"queue": "q", "routing_key": "k"},
        {"queue": "q", "exchange": "x"},
        {"queue": ""},
        {"queue": "q" * 256},
        {"queue": "a\nb"},
        {"exchange": "x", "routing_key": "k", "declare": True},
        {"queue": "q", "durable": True},
    ],
    ids=str,
)
def test_a_destination_is_a_queue_or_an_exchange_with_a_routing_key(destination: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RabbitSettings.model_validate({"url": URL, "destinations": {"ops": destination}})


@pytest.mark.parametrize(
    "destination",
    [{"queue": "q"}, {"queue": "q", "declare": True}, {"routing_key": "k"}, {"exchange": "x", "routing_key": ""}],
    ids=str,
)
def test_a_destination_that_says_where_to_is_taken(destination: dict[str, object]) -> None:
    settings = RabbitSettings.model_validate({"url": URL, "destinations": {"ops": destination}})
    assert settings.destinations["ops"].model_dump(exclude_unset=True) == destination


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "x" * 65])
def test_a_destinations_name_is_a_target_people_can_write(name: str) -> None:
    with pytest.raises(ValidationError):
        RabbitSettings.model_validate({"url": URL, "destinations": {name: {"queue": "q"}}})


def test_there_is_at_least_one_destination() -> None:
    with pytest.raises(ValidationError):
        RabbitSettings.model_validate({"url": URL, "destinations": {}})
