"""Updates, read narrowly."""

from __future__ import annotations

from headgate.connectors.telegram.updates import Update, read_updates
from headgate.testing.telegram.chats import Chat, Person
from headgate.testing.telegram.updates import Updates


def test_an_update_that_cannot_be_read_keeps_its_number() -> None:
    assert read_updates([{"update_id": 5, "message": {"text": 7}}, {"update_id": "x"}, 3]) == [Update(update_id=5)]
    assert read_updates({"a": 1}) is None


def test_what_a_bot_needs_is_read_and_the_rest_passed_over() -> None:
    put = Updates()
    number = put.say(Chat(-100200, "supergroup", "Group", topics={4}), Person(7, "Ada"), "/jobs", topic=4, photo=[1])
    read = read_updates(put.waiting)
    assert read is not None
    [update] = read
    assert update.update_id == number
    assert update.message is not None
    assert update.message.sender is not None
    assert (update.message.sender.id, update.message.chat.type, update.message.text) == (7, "supergroup", "/jobs")
    assert (update.message.message_thread_id, update.message.is_topic_message) == (4, True)
    assert [(entity.type, entity.offset, entity.length) for entity in update.message.entities] == [
        ("bot_command", 0, 5)
    ]


def test_numbers_are_not_taken_from_texts() -> None:
    message = Updates().message(Chat(7), Person(7).as_json(), "x", [])
    message["chat"]["id"] = "7"
    assert read_updates([{"update_id": 1, "message": message}]) == [Update(update_id=1)]
