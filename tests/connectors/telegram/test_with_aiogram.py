"""An independent reader, aiogram, whose types are made from the Bot API's documentation.

It reads what we send, and what the played Telegram answers and reports. aiogram has its own Python environment
(``./dev setup``), since it does not go with the pydantic that Headgate uses.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from headgate.bots.chat import Answer, Button
from headgate.connectors.bounds import within
from headgate.connectors.samples import SAMPLES
from headgate.connectors.telegram.rendering import BOUNDS, send_message
from headgate.connectors.telegram.replies import in_private_only, reply_of
from headgate.connectors.telegram.targets import Target
from headgate.connectors.telegram.updates import ALLOWED
from headgate.testing.telegram.chats import Chat, Person
from headgate.testing.telegram.telegram import Telegram

PYTHON = Path(__file__).resolve().parents[3] / ".counterparts/venv/bin/python"
READER = """
import json, sys
import aiogram.methods, aiogram.types
from pydantic import BaseModel, TypeAdapter, ValidationError

def unknown(value, where=""):
    if isinstance(value, BaseModel):
        for name in value.model_extra or {}:
            yield f"{where}.{name}"
        for name in type(value).model_fields:
            yield from unknown(getattr(value, name), f"{where}.{name}")
    elif isinstance(value, (list, tuple)):
        for held in value:
            yield from unknown(held, where)

def judge(case):
    kind, value = case
    room = aiogram.methods if hasattr(aiogram.methods, kind) else aiogram.types
    try:
        return sorted(unknown(getattr(room, kind).model_validate(value)))
    except ValidationError as error:
        return [f"{mistake['loc']} {mistake['msg']}" for mistake in error.errors()]

print(json.dumps([judge(case) for case in json.load(sys.stdin)]))
"""

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="aiogram's environment is missing: ./dev setup")


WRONG: list[tuple[str, Any]] = [
    ("SendMessage", {"chat_id": 1}),
    ("SendMessage", {"chat_id": 1, "text": "x", "no_such_field": 1}),
    ("SendMessage", {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [[{"callback_data": "x"}]]}}),
    ("Update", {"update_id": 1, "message": {"message_id": 1}}),
    ("Update", {"update_id": 1, "callback_query": {"id": "1", "from": {"id": 1, "is_bot": False, "first_name": "A"}}}),
]


def asked() -> list[tuple[str, Any]]:
    """Return what the connector and the bot send."""
    buttons = (Button("Cancel", "cancel 17", danger=True), Button("Mute 2 h", "mute 2h"))
    topic = Target(-100200, 4)
    bodies = [send_message(topic, within(sample, BOUNDS), buttons=buttons) for sample in SAMPLES.values()]
    bodies += [send_message(Target("@jobs"), within(SAMPLES["failed"], BOUNDS))]
    bodies += [reply_of(topic, Answer("text", "code", buttons), reply_to=7), in_private_only(topic, "bot", reply_to=7)]
    return [
        *(("SendMessage", body) for body in bodies),
        ("GetUpdates", {"timeout": 50, "limit": 50, "allowed_updates": list(ALLOWED), "offset": 5}),
        ("AnswerCallbackQuery", {"callback_query_id": "5"}),
        ("GetMe", {}),
    ]


def told() -> list[tuple[str, Any]]:
    """Return what the played Telegram answers and reports."""
    telegram = Telegram()
    ada, group = telegram.add(Chat(1001)), telegram.add(Chat(-100200, "supergroup", "Group", "somewhere", topics={4}))
    sample = within(SAMPLES["failed"], BOUNDS)
    message = telegram.call("sendMessage", send_message(Target(1001), sample, buttons=(Button("Mute", "mute 2h"),)))
    updates, person = telegram.updates, Person(1001)
    updates.say(ada, person, "/start")
    updates.say(group, person, f"hey @{telegram.username} #now https://example.org/ ada@example.org", topic=4)
    updates.press(person, message, "mute 2h")
    updates.add_bot(group, person, telegram.me())
    return [
        *(("Update", update) for update in updates.waiting),
        ("Message", message),
        ("User", telegram.call("getMe", {})),
        ("WebhookInfo", telegram.call("getWebhookInfo", {})),
    ]


def mistakes(cases: list[tuple[str, Any]]) -> list[list[str]]:
    """Have aiogram read values, each as the type that is named; return what it finds wrong with each."""
    command = [str(PYTHON), "-I", "-c", READER]
    done = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, timeout=120, check=True)
    read: list[list[str]] = json.loads(done.stdout)
    return read


def test_aiogram_refuses_what_is_wrong_and_reads_all_that_is_sent_and_told() -> None:
    ours, played = asked(), told()
    found = mistakes([*WRONG, *ours, *played])
    assert all(found[: len(WRONG)])
    assert found[len(WRONG) :] == [[] for _ in (*ours, *played)]


def test_the_played_telegram_finds_what_people_write() -> None:
    entities = [
        entity for kind, told_ in told() if kind == "Update" for entity in told_.get("message", {}).get("entities", [])
    ]
    assert {entity["type"] for entity in entities} == {"bot_command", "mention", "hashtag", "url", "email"}
