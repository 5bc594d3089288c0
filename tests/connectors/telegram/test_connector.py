"""The Telegram connector, against a played Telegram on a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from headgate.connectors.registry import make_connector
from headgate.connectors.samples import SAMPLES
from headgate.connectors.telegram.connector import TelegramConnector
from headgate.errors import ConnectorError, RecipientError
from headgate.model.delivery import Reason
from headgate.model.message import Message
from headgate.notify.connector import Delivered, Envelope, GiveUp, Renders, Scope, TryAgain
from headgate.testing.telegram.chats import Chat, Standing
from headgate.testing.telegram.errors import RefusedError, bad_request
from headgate.testing.telegram.server import TelegramServer


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        server.telegram.add(Chat(17))
        server.telegram.add(Chat(-100555, "channel", "News", username="Jobs_News"))
        yield server


@pytest.fixture
async def connector(server: TelegramServer) -> AsyncIterator[TelegramConnector]:
    made = connector_to(server)
    yield made
    await made.aclose()


def connector_to(server: TelegramServer, **settings: Any) -> TelegramConnector:
    made = make_connector("telegram", "telegram", {"token": server.telegram.token, "base_url": server.url, **settings})
    assert isinstance(made, TelegramConnector)
    return made


async def commit() -> None:
    pass


def envelope(target: str = "17", message: Message = SAMPLES["failed"]) -> Envelope:
    return Envelope(target, message, "key-1")


async def test_a_message_arrives_in_one_call(server: TelegramServer, connector: TelegramConnector) -> None:
    outcome = await connector.send(envelope(), commit)
    sent = server.telegram.sent[0]
    assert outcome == Delivered(str(sent.message["message_id"]))
    assert 'Failed (exit code 2): job 1051492 "train_model"' in sent.text
    assert [method for method, _ in server.calls] == ["sendMessage"]


async def test_a_channel_is_written_to_by_its_name(server: TelegramServer, connector: TelegramConnector) -> None:
    assert connector.check_target("@Jobs_News") == "@jobs_news"
    assert isinstance(await connector.send(envelope("@jobs_news"), commit), Delivered)
    assert server.telegram.sent[0].chat == -100555


async def test_a_topic_is_written_to_by_its_number(server: TelegramServer, connector: TelegramConnector) -> None:
    server.telegram.add(Chat(-100777, "supergroup", "Group", topics={4}))
    assert isinstance(await connector.send(envelope("-100777/4"), commit), Delivered)
    assert server.telegram.sent[0].message["message_thread_id"] == 4
    outcome = await connector.send(envelope("-100777/5"), commit)
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.TARGET_REFUSED


@pytest.mark.parametrize("standing", [standing for standing in Standing if standing is not Standing.WELCOME])
async def test_where_the_bot_may_not_write_it_gives_up(
    server: TelegramServer, connector: TelegramConnector, standing: Standing
) -> None:
    server.telegram.add(Chat(18, standing=standing))
    outcome = await connector.send(envelope("18"), commit)
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.TARGET_REFUSED


async def test_a_chat_nobody_knows_is_given_up(connector: TelegramConnector) -> None:
    outcome = await connector.send(envelope("99"), commit)
    assert outcome == GiveUp(Reason.TARGET_REFUSED, "400: Bad Request: chat not found")


async def test_a_group_that_became_a_supergroup_is_followed_and_remembered(
    server: TelegramServer, connector: TelegramConnector
) -> None:
    server.telegram.add(Chat(-5, "group", "Group", moved_to=-1005))
    server.telegram.add(Chat(-1005, "supergroup", "Group"))
    for _ in range(2):
        assert isinstance(await connector.send(envelope("-5"), commit), Delivered)
    assert [sent.chat for sent in server.telegram.sent] == [-1005, -1005]
    assert [body["chat_id"] for _, body in server.calls] == [-5, -1005, -1005]


async def test_groups_that_point_to_each_other_are_no_endless_way(
    server: TelegramServer, connector: TelegramConnector
) -> None:
    server.telegram.add(Chat(-5, "group", "Group", moved_to=-6))
    server.telegram.add(Chat(-6, "group", "Group", moved_to=-5))
    assert isinstance(await connector.send(envelope("-5"), commit), GiveUp)
    assert len(server.calls) == 2


async def test_markup_that_telegram_refuses_is_sent_as_plain_text(
    server: TelegramServer, connector: TelegramConnector
) -> None:
    server.telegram.refusals.append(bad_request("can't parse entities: Unsupported start tag"))
    with structlog.testing.capture_logs() as logs:
        assert isinstance(await connector.send(envelope(), commit), Delivered)
    sent = server.telegram.sent[0]
    assert "parse_mode" not in sent.body
    assert "<b>" not in sent.text
    assert sent.active == []
    assert [entry["event"] for entry in logs] == ["telegram.form_refused"]


async def test_a_message_refused_twice_is_given_up(server: TelegramServer, connector: TelegramConnector) -> None:
    server.telegram.refusals.extend([bad_request("can't parse entities"), bad_request("message is too long")])
    outcome = await connector.send(envelope(), commit)
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.MESSAGE_REFUSED


async def test_the_flood_control_of_one_chat_holds_that_chat_and_of_two_the_bot(
    server: TelegramServer, connector: TelegramConnector
) -> None:
    server.telegram.add(Chat(18))
    server.telegram.per_chat = 1
    for target in ("17", "18"):
        assert isinstance(await connector.send(envelope(target), commit), Delivered)
    first, again, second = [await connector.send(envelope(target), commit) for target in ("17", "17", "18")]
    assert isinstance(first, TryAgain)
    assert isinstance(again, TryAgain)
    assert isinstance(second, TryAgain)
    assert first.reason is Reason.RATE_LIMITED
    assert first.after is not None
    assert 58 <= first.after <= 60
    assert [first.scope, again.scope, second.scope] == [Scope.RECIPIENT, Scope.RECIPIENT, Scope.CONNECTOR]


async def test_a_wrong_token_is_the_sites_trouble(server: TelegramServer) -> None:
    connector = connector_to(server, token="987654321:AAE-another-bot-altogether-is-this")
    outcome = await connector.send(envelope(), commit)
    await connector.aclose()
    assert outcome == TryAgain(Reason.NOT_AUTHORISED, "401: Unauthorized", scope=Scope.CONNECTOR)


async def test_buttons_are_there_where_the_bot_listens(server: TelegramServer) -> None:
    connector = connector_to(server, bot={"enabled": True, "commands": ["output", "mute"]})
    await connector.send(envelope(), commit)
    await connector.aclose()
    [row] = server.telegram.sent[0].body["reply_markup"]["inline_keyboard"]
    assert [button["callback_data"] for button in row] == ["output 1051492", "mute 2h"]


async def test_a_site_s_template_makes_the_body(server: TelegramServer, tmp_path: Path) -> None:
    (tmp_path / "failed.j2").write_text(
        "<u>Oh no</u>, {{ message.job.name }} & {{ message.log.lines[1] }}".replace("&", "&amp;")
    )
    connector = connector_to(server, templates=str(tmp_path))
    await connector.send(envelope(), commit)
    await connector.aclose()
    sent = server.telegram.sent[0]
    assert sent.text.endswith("Oh no, train_model & Traceback (most recent call last):")
    assert "underline" in {part.type for part in sent.marked}


async def test_a_template_with_too_much_is_cut(server: TelegramServer, tmp_path: Path) -> None:
    (tmp_path / "message.j2").write_text("<b>{% for n in range(3000) %}{{ n }} {% endfor %}</b>")
    connector = connector_to(server, templates=str(tmp_path))
    assert isinstance(await connector.send(envelope(), commit), Delivered)
    await connector.aclose()
    assert server.telegram.sent[0].text.endswith("…")


def test_a_template_telegram_would_refuse_is_found_at_start(tmp_path: Path) -> None:
    (tmp_path / "failed.j2").write_text("<div>{{ message.title }}</div>")
    with pytest.raises(ConnectorError, match="knows no <div>"):
        make_connector("telegram", "telegram", {"token": "1:" + "a" * 35, "templates": str(tmp_path)})


async def test_a_template_that_only_sometimes_makes_what_telegram_refuses_loses_nothing(
    server: TelegramServer, tmp_path: Path
) -> None:
    (tmp_path / "failed.j2").write_text("{% if message.title == 'odd' %}<div>{% else %}fine{% endif %}")
    connector = connector_to(server, templates=str(tmp_path))
    message = SAMPLES["failed"].model_copy(update={"title": "odd"})
    assert isinstance(await connector.send(envelope(message=message), commit), Delivered)
    await connector.aclose()
    assert "The job ended after" in server.telegram.sent[0].text


async def test_an_error_of_the_bot_api_shows_no_token(server: TelegramServer, connector: TelegramConnector) -> None:
    token = server.telegram.token
    server.telegram.refusals.append(RefusedError(400, f"Bad Request: /bot{token}/sendMessage {token.split(':')[1]}"))
    outcome = await connector.send(envelope(), commit)
    assert isinstance(outcome, GiveUp)
    assert token.split(":")[1] not in outcome.detail


def test_rendering_needs_no_service() -> None:
    connector = make_connector("telegram", "telegram", {"token": "1:" + "a" * 35, "base_url": "http://127.0.0.1:1"})
    assert isinstance(connector, Renders)
    rendition = connector.render(envelope())
    assert rendition.suffix == ".json"
    assert json.loads(rendition.payload)["chat_id"] == 17
    assert rendition.html.startswith("<!doctype html>")
    assert "aaaa" not in rendition.payload + rendition.html
    with pytest.raises(RecipientError):
        connector.render(envelope("nobody"))


def test_authorities_that_are_not_there_are_found_at_start() -> None:
    with pytest.raises(ConnectorError, match="ca_file"):
        make_connector("telegram", "telegram", {"token": "1:" + "a" * 35, "ca_file": "/nowhere/ca.pem"})
