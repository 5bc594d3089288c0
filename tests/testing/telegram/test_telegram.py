"""The rules of the played Telegram."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.testing.telegram.chats import Chat, Person, Standing
from headgate.testing.telegram.errors import RefusedError
from headgate.testing.telegram.telegram import Telegram


@pytest.fixture
def telegram() -> Telegram:
    telegram = Telegram()
    telegram.add(Chat(17))
    return telegram


def send(telegram: Telegram, text: str = "text", **more: Any) -> Any:
    return telegram.call("sendMessage", {"chat_id": 17, "text": text, **more})


def test_a_message_is_kept_with_what_is_active_in_it(telegram: Telegram) -> None:
    message = send(telegram, "<b>see</b> @durov", parse_mode="HTML")
    assert message["text"] == "see @durov"
    assert [entity["type"] for entity in message["entities"]] == ["bold", "mention"]
    assert [part.type for part in telegram.sent[0].active] == ["mention"]


def test_texts_have_their_limits(telegram: Telegram) -> None:
    send(telegram, "💩" * 2048)
    with pytest.raises(RefusedError, match="message is too long"):
        send(telegram, "💩" * 2048 + "x")
    with pytest.raises(RefusedError, match="message text is empty"):
        send(telegram, "<b> </b>", parse_mode="HTML")
    with pytest.raises(RefusedError, match="more than 100"):
        send(telegram, "<b>x</b>" * 101, parse_mode="HTML")


def test_tokens_and_methods_are_checked(telegram: Telegram) -> None:
    assert telegram.check(telegram.token, "SENDmessage", {"chat_id": 1, "text": "x"}) == "sendMessage"
    with pytest.raises(RefusedError) as caught:
        telegram.check("1:x", "getMe", {})
    assert caught.value.code == 401
    with pytest.raises(RefusedError) as caught:
        telegram.check(telegram.token, "launch", {})
    assert caught.value.code == 404


def test_a_bot_is_refused_where_it_may_not_write(telegram: Telegram) -> None:
    codes = {}
    for standing in Standing:
        telegram.chats[17].standing = standing
        try:
            send(telegram)
        except RefusedError as refused:
            codes[standing] = refused.code
    assert codes == {
        standing: 403 for standing in Standing if standing not in (Standing.WELCOME, Standing.NO_RIGHTS)
    } | {Standing.NO_RIGHTS: 400}


def test_flood_control_says_how_long_to_wait(telegram: Telegram) -> None:
    now = 1000.0
    telegram.clock = lambda: now
    telegram.per_chat, telegram.period = 2, 60
    send(telegram)
    now += 20
    send(telegram)
    with pytest.raises(RefusedError) as caught:
        send(telegram)
    assert (caught.value.code, caught.value.parameters) == (429, {"retry_after": 40})
    now += 40
    send(telegram)


def test_a_group_that_moved_says_where(telegram: Telegram) -> None:
    telegram.chats[17].moved_to = -1005
    with pytest.raises(RefusedError) as caught:
        send(telegram)
    assert caught.value.parameters == {"migrate_to_chat_id": -1005}


def test_updates_are_kept_until_a_later_one_is_asked_for(telegram: Telegram) -> None:
    numbers = [telegram.updates.say(telegram.chats[17], Person(17), f"{n}") for n in range(3)]
    assert len(telegram.updates.take(None, 100, None)) == 3
    assert len(telegram.updates.take(None, 2, None)) == 2
    assert [update["update_id"] for update in telegram.updates.take(numbers[1], 100, None)] == numbers[1:]
    assert len(telegram.updates.take(None, 100, None)) == 2
    assert telegram.updates.take(None, 100, ["callback_query"]) == []
    assert [update["update_id"] for update in telegram.updates.take(-1, 100, None)] == numbers[2:]


def test_a_query_is_answered_once(telegram: Telegram) -> None:
    query = telegram.updates.press(Person(17), send(telegram), "x")
    assert telegram.call("answerCallbackQuery", {"callback_query_id": query}) is True
    with pytest.raises(RefusedError, match="query is too old"):
        telegram.call("answerCallbackQuery", {"callback_query_id": query})


def test_a_webhook_is_shown_and_deleted(telegram: Telegram) -> None:
    telegram.webhook = "https://example.org/"
    assert telegram.call("getWebhookInfo", {})["url"] == "https://example.org/"
    assert telegram.call("deleteWebhook", {}) is True
    assert telegram.call("getWebhookInfo", {})["url"] == ""
