"""Many people who talk to the bot at once, over a played Telegram on a real socket."""

from __future__ import annotations

import structlog

from headgate.bots.chat import Answer, Button
from headgate.testing.telegram.chats import Chat, Person, Standing
from headgate.testing.telegram.server import TelegramServer
from tests.connectors.telegram.talking import ADA, BEN, Talk, listening, sent, until


async def test_a_pressed_button_is_answered_and_acknowledged(server: TelegramServer, talk: Talk) -> None:
    talk.answers["jobs"] = Answer("Your jobs", buttons=(Button("Cancel", "cancel 17", danger=True),))
    async with listening(server, talk):
        server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, "jobs")
        [shown] = await sent(server.telegram)
        query = server.telegram.updates.press(ADA, shown.message, "cancel 17")
        answers = await sent(server.telegram, 2)
    assert server.telegram.answered == [query]
    assert answers[1].text == "heard cancel 17"
    assert talk.heard[1].pressed


async def test_a_button_whose_query_is_too_old_is_answered_all_the_same(server: TelegramServer, talk: Talk) -> None:
    under = server.telegram.updates.message(server.telegram.chats[ADA.id], server.telegram.me(), "old", [])
    server.telegram.updates.press(ADA, under, "jobs")
    server.telegram.updates.queries.clear()
    async with listening(server, talk):
        [answer] = await sent(server.telegram)
    assert answer.text == "heard jobs"


async def test_what_is_for_one_person_is_said_in_private(server: TelegramServer, talk: Talk) -> None:
    talk.answers["jobs"] = Answer("secret", discreet=True)
    async with listening(server, talk):
        server.telegram.updates.say(server.telegram.chats[-100200], ADA, "showmeslurm jobs")
        [answer] = await sent(server.telegram)
    assert (answer.chat, answer.text) == (ADA.id, "secret")


async def test_whom_the_bot_may_not_write_to_is_shown_the_way_and_told_nothing(
    server: TelegramServer, talk: Talk
) -> None:
    server.telegram.chats[ADA.id].standing = Standing.UNKNOWN
    talk.answers["jobs"] = Answer("secret", discreet=True)
    async with listening(server, talk):
        server.telegram.updates.say(server.telegram.chats[-100200], ADA, "showmeslurm jobs")
        [answer] = await sent(server.telegram)
    assert (answer.chat, answer.text) == (-100200, "I do not say this here. Write to me in private first.")
    assert not [body for _, body in server.calls if body.get("chat_id") == -100200 and "secret" in body["text"]]


async def test_nothing_is_said_where_there_is_no_answer(server: TelegramServer, talk: Talk) -> None:
    talk.answers["psst"] = None
    async with listening(server, talk):
        server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, "psst")
        server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, "jobs")
        [answer] = await sent(server.telegram)
    assert answer.text == "heard jobs"


async def test_an_answer_that_fails_ends_nothing_and_shows_nothing(server: TelegramServer, talk: Talk) -> None:
    with structlog.testing.capture_logs() as logs:
        async with listening(server, talk):
            server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, "fail")
            server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, "jobs")
            [answer] = await sent(server.telegram)
    assert answer.text == "heard jobs"
    assert "telegram.answer_failed" in [entry["event"] for entry in logs]
    assert "secret-code" not in repr(logs)
    assert server.telegram.token not in repr(logs)


async def test_one_person_is_answered_in_order_and_others_do_not_wait(server: TelegramServer, talk: Talk) -> None:
    talk.held.clear()
    ada, ben = server.telegram.chats[ADA.id], server.telegram.chats[BEN.id]
    async with listening(server, talk):
        server.telegram.updates.say(ada, ADA, "wait")
        server.telegram.updates.say(ada, ADA, "after")
        server.telegram.updates.say(ben, BEN, "jobs")
        [first] = await sent(server.telegram)
        assert (first.chat, first.text) == (BEN.id, "heard jobs")
        talk.held.set()
        answers = await sent(server.telegram, 3)
    assert [answer.text for answer in answers[1:]] == ["heard wait", "heard after"]


async def test_somebody_who_says_too_much_at_once_is_not_heard_beyond(server: TelegramServer, talk: Talk) -> None:
    for number in range(40):
        server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, f"word {number}")
    server.telegram.updates.say(server.telegram.chats[BEN.id], BEN, "jobs")
    async with listening(server, talk):
        await until(lambda: server.telegram.sent and len(server.calls) > 1)
        await until(lambda: "heard jobs" in [answer.text for answer in server.telegram.sent])
        await until(lambda: len(server.telegram.sent) == 6)
    assert [incoming.text for incoming in talk.heard if incoming.identity == "1001"] == [f"word {n}" for n in range(5)]


async def test_many_people_are_answered_at_once_but_not_all(server: TelegramServer, talk: Talk) -> None:
    talk.held.clear()
    for number in range(60):
        person = Person(5000 + number, "Many")
        server.telegram.updates.say(server.telegram.add(Chat(person.id)), person, "wait")
    async with listening(server, talk):
        await until(lambda: talk.under_way == 32)
        talk.held.set()
        await sent(server.telegram, 60)
    assert talk.most == 32


async def test_a_group_that_moved_is_answered_where_it_is_now(server: TelegramServer, talk: Talk) -> None:
    old = server.telegram.add(Chat(-5, "group", "Group", moved_to=-1005))
    server.telegram.add(Chat(-1005, "supergroup", "Group"))
    async with listening(server, talk):
        server.telegram.updates.say(old, ADA, "showmeslurm jobs")
        [answer] = await sent(server.telegram)
    assert answer.chat == -1005


async def test_answers_wait_as_long_as_the_flood_control_asks(server: TelegramServer, talk: Talk) -> None:
    server.telegram.per_chat, server.telegram.period = 1, 1
    async with listening(server, talk):
        for word in ("one", "two"):
            server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, word)
        answers = await sent(server.telegram, 2)
    assert [answer.text for answer in answers] == ["heard one", "heard two"]
