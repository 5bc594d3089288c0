from __future__ import annotations

from html.parser import HTMLParser

import pytest

from headgate.connectors.rabbitmq.connector import RabbitConnector
from headgate.connectors.rabbitmq.settings import RabbitSettings
from headgate.connectors.samples import SAMPLES
from headgate.errors import RecipientError
from headgate.notify.connector import Envelope, Renders
from headgate.testing.conformance.hostile import HOSTILE, hostile_message

OURS = {"html", "head", "meta", "title", "style", "body", "h1", "b", "table", "tr", "th", "td", "div", "pre"}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in {"src", "href"}]


@pytest.fixture
def connector() -> RabbitConnector:
    settings = {"url": "amqp://u:secret-password@h/", "destinations": {"ops": {"queue": "<jobs>"}}}
    return RabbitConnector("rabbit", RabbitSettings.model_validate(settings))


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_rendition_shows_where_to_with_which_properties_and_what(connector: RabbitConnector, name: str) -> None:
    assert isinstance(connector, Renders)
    shown = connector.render(Envelope("ops", SAMPLES[name], "key-1"))
    assert shown.suffix == ".json"
    assert '"routing_key": "<jobs>"' in shown.payload
    assert "&lt;jobs&gt;" in shown.html
    assert "message_id" in shown.html
    assert "secret-password" not in shown.payload + shown.html


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_text_makes_nothing_in_the_page(connector: RabbitConnector, name: str) -> None:
    tags = Tags()
    tags.feed(connector.render(Envelope("ops", hostile_message(HOSTILE[name]), "key-1")).html)
    assert tags.seen <= OURS


async def test_an_unknown_target_has_no_rendition(connector: RabbitConnector) -> None:
    with pytest.raises(RecipientError):
        connector.render(Envelope("other", SAMPLES["failed"], "key-1"))
