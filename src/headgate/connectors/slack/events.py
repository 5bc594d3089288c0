"""What Slack pushes through Socket Mode, read. Pure.

Envelopes: https://docs.slack.dev/apis/events-api/using-socket-mode. Events: ``app_mention``, ``message.im``,
``message.channels``, ``message.groups``; pressed buttons: ``block_actions``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headgate.bots.chat import MAX_COMMAND, Incoming

_MAX_TEXT = 1000
"""Characters read of what somebody wrote."""
_MAX_ID = 200
_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
_PLACE = re.compile(r"[CGD][A-Z0-9]{2,20}")
_MARKUP = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_STAMP = re.compile(r"\d{1,12}\.\d{1,9}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One push. ``envelope`` is empty for those that want no acknowledgement."""

    kind: str
    envelope: str
    payload: Mapping[str, Any]
    reason: str = ""
    """Why a connection is about to end, if this says so."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Something said to the bot."""

    incoming: Incoming
    key: str
    """The same for the same thing told twice: Slack repeats what it is not sure of, and tells a mention in two ways."""
    channel: str
    """Where to answer: the conversation's own id."""
    thread: str = ""
    """The thread it was said in, if it was."""


def read_envelope(frame: str) -> Envelope | None:
    """Read a text frame; None if it is none of Slack's."""
    try:
        data = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        return None
    envelope, payload, reason = data.get("envelope_id"), data.get("payload"), data.get("reason")
    return Envelope(
        kind=data["type"],
        envelope=envelope if isinstance(envelope, str) and len(envelope) <= _MAX_ID else "",
        payload=payload if isinstance(payload, dict) else {},
        reason=reason[:_MAX_ID] if isinstance(reason, str) else "",
    )


def acknowledgement(envelope: str) -> str:
    """Return the frame that says that an envelope has come."""
    return json.dumps({"envelope_id": envelope})


def heard(envelope: Envelope, *, bot: str, trigger: str) -> Heard | None:
    """Return what was said to the bot, or None: said to somebody else, by a bot, or nothing that was said.

    ``bot`` is the bot's own user id.
    """
    match envelope.kind:
        case "events_api":
            event = envelope.payload.get("event")
            return _of_event(event, bot=bot, trigger=trigger) if isinstance(event, dict) else None
        case "interactive":
            return _of_press(envelope.payload, bot=bot)
        case _:
            return None


def _of_event(event: Mapping[str, Any], *, bot: str, trigger: str) -> Heard | None:
    person, channel, stamp = event.get("user"), event.get("channel"), event.get("ts")
    words, thread = event.get("text"), event.get("thread_ts")
    if event.get("bot_id") or event.get("subtype") or event.get("edited"):
        return None
    if not (_is(_PERSON, person) and _is(_PLACE, channel) and _is(_STAMP, stamp) and isinstance(words, str)):
        return None
    private = event.get("channel_type") == "im" or str(channel).startswith("D")
    addressed = _addressed(str(event.get("type")), words[:_MAX_TEXT], private=private, bot=bot, trigger=trigger)
    if person == bot or addressed is None:
        return None
    incoming = Incoming(
        identity=str(person),
        name=str(person),
        place=str(person) if private else str(channel),
        private=private,
        text=addressed,
    )
    return Heard(incoming, f"{channel} {stamp}", str(channel), str(thread) if _is(_STAMP, thread) else "")


def _addressed(kind: str, words: str, *, private: bool, bot: str, trigger: str) -> str | None:
    """Return what was said to the bot without its name or trigger; None if it was not said to it."""
    mention = f"<@{bot}>"
    begins = re.match(rf"\s*<@{re.escape(bot)}(?:\|[^<>]*)?>[\s:,]*", words)
    if begins:
        return _readable(words[begins.end() :])
    text = _readable(words)
    called = text.lower() == trigger.lower() or text.lower().startswith(f"{trigger.lower()} ")
    if called:
        return text[len(trigger) :].strip()
    if private and kind == "message":
        return text
    # A mention within a sentence is a mention, but the sentence is no command.
    return "" if kind == "app_mention" and mention in words else None


def _of_press(payload: Mapping[str, Any], *, bot: str) -> Heard | None:
    actions, user = payload.get("actions"), payload.get("user")
    channel, container = payload.get("channel"), payload.get("container")
    if payload.get("type") != "block_actions" or not (isinstance(actions, list) and actions):
        return None
    if not (isinstance(user, dict) and isinstance(channel, dict) and isinstance(actions[0], dict)):
        return None
    person, place, command = user.get("id"), channel.get("id"), actions[0].get("value")
    if not (_is(_PERSON, person) and _is(_PLACE, place) and isinstance(command, str)) or person == bot:
        return None
    if len(command) > MAX_COMMAND or not (command.isascii() and command.isprintable()):
        return None
    private = str(place).startswith("D")
    name = user.get("name") or user.get("username")
    incoming = Incoming(
        identity=str(person),
        name=name[:80] if isinstance(name, str) else str(person),
        place=str(person) if private else str(place),
        private=private,
        text=command,
        pressed=True,
    )
    thread = container.get("thread_ts") if isinstance(container, dict) else None
    key = f"{place} {person} {actions[0].get('action_ts')} {command}"
    return Heard(incoming, key[:_MAX_ID], str(place), str(thread) if _is(_STAMP, thread) else "")


def _readable(text: str) -> str:
    """Return what somebody wrote, without Slack's markup: links as their words, escapes as their signs."""
    plain = _MARKUP.sub(lambda found: found[2] or found[1], text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _is(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
