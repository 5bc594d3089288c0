from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from headgate.connectors.registry import make_connector
from headgate.connectors.samples import SAMPLES
from headgate.notify.connector import Connector
from scripts.demo.got import SERVICES, Got
from scripts.pictures import SUBJECTS, Subject, shown

BROKER = Subject({"url": "amqp://a:b@127.0.0.1/", "destinations": {"jobs": {"queue": "jobs"}}}, "jobs")
DESK = Subject({"targets": {"desk": {"url": "json://127.0.0.1/"}}}, "desk")
RENDERED = {**SUBJECTS, "rabbitmq": BROKER, "apprise": DESK}
TITLE = SAMPLES["failed"].title
JOB = 1051492


@pytest.fixture(params=[name for name in SERVICES if name != "webhook"])
async def connector(request: pytest.FixtureRequest) -> AsyncIterator[Connector]:
    made = make_connector(request.param, request.param, RENDERED[request.param].settings)
    yield made
    await made.aclose()


def message(connector: Connector) -> Got:
    """What the service gets of a sample; what Apprise makes of a message is the JSON it posts."""
    target = RENDERED[connector.name].target
    payload = json.loads(shown(connector, target, "failed").payload)
    if connector.name == "apprise":
        payload["message"] = payload.pop("body")
    return Got(connector.name, target, payload)


async def test_the_title_is_read_from_what_the_service_was_given(connector: Connector) -> None:
    got = message(connector)
    assert got.title.endswith(TITLE)
    assert got.is_about(JOB)
    assert not got.is_about(105149)


async def test_the_page_shows_the_title_and_is_whole(connector: Connector) -> None:
    page = message(connector).html
    assert page.startswith("<!doctype html>")
    assert "train_model" in page
    assert page.rstrip().endswith("</html>")


async def test_the_same_message_is_read_again_from_its_data(connector: Connector) -> None:
    got = message(connector)
    assert Got(**json.loads(json.dumps(got.as_json()))) == got


async def test_buttons_are_read_where_the_service_has_them(connector: Connector) -> None:
    offered = ("Show output", "Mute 2 h") if connector.name in ("slack", "telegram") else ()
    assert message(connector).buttons == offered


def test_a_webhooks_page_shows_its_json_as_text() -> None:
    got = Got("webhook", "site", {"message": {"title": "<b>Failed</b>: job 7"}})
    assert got.title == "<b>Failed</b>: job 7"
    assert "&lt;b&gt;Failed" in got.html
    assert "<b>Failed" not in got.html


def test_an_answer_of_the_bot_has_its_first_line_as_title() -> None:
    assert Got("telegram", "1", {"text": "You have\n<b>no</b> jobs", "parse_mode": "HTML"}).title == "You have"
    assert Got("slack", "D1", {"text": "You have\nno jobs"}).title == "You have"
