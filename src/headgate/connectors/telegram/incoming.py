"""Which updates are meant for the bot, and what they say. Pure.

In private everything is. In groups only what begins with a command to this bot (``/jobs@our_bot``) or with the trigger,
or mentions the bot. What bots say, what is forwarded and what channels post never is.
"""

from __future__ import annotations

from dataclasses import dataclass

from headgate.bots.chat import Incoming
from headgate.connectors.telegram.targets import Target
from headgate.connectors.telegram.updates import Chat, Entity, MemberChange, Pressed, Said, Update, User
from headgate.model.text import one_line

_HELP = frozenset({"start", "help"})
_GROUPS = frozenset({"group", "supergroup"})
_AWAY = frozenset({"left", "kicked"})
_THERE = frozenset({"member", "administrator"})
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Myself:
    """The bot, as it is called in chats."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Addressed:
    """Something meant for the bot, and where to answer."""

    said: Incoming
    target: Target
    reply_to: int | None = None
    """The message that is answered."""
    query: str = ""
    """The pressed button's query, which Telegram wants answered."""


def addressed(update: Update, me: Myself, trigger: str) -> Addressed | None:
    """Return what an update says to the bot; None if it says nothing to it."""
    if update.message is not None:
        return _of_message(update.message, me, trigger)
    if update.callback_query is not None:
        return _of_button(update.callback_query)
    if update.my_chat_member is not None:
        return _of_invitation(update.my_chat_member)
    return None


def _of_message(message: Said, me: Myself, trigger: str) -> Addressed | None:
    if message.sender is None or message.sender.is_bot or message.forwarded or message.by_bot or not message.text:
        return None
    text = _words_to(me, message, trigger)
    if text is None:
        return None
    target = _place(message)
    incoming = _incoming(message.sender, message.chat, target, one_line(text, _LONGEST) or "help")
    return Addressed(incoming, target, reply_to=None if incoming.private else message.message_id)


def _of_button(pressed: Pressed) -> Addressed | None:
    if pressed.message is None or pressed.sender.is_bot or not pressed.data:
        return None
    target = _place(pressed.message)
    incoming = _incoming(pressed.sender, pressed.message.chat, target, one_line(pressed.data, 64), pressed=True)
    return Addressed(incoming, target, query=pressed.id)


def _of_invitation(change: MemberChange) -> Addressed | None:
    """Whoever adds the bot to a group asks it how messages get there."""
    came = change.old.status in _AWAY and change.new.status in _THERE
    if not came or change.sender.is_bot or change.chat.type not in _GROUPS:
        return None
    target = Target(change.chat.id)
    return Addressed(_incoming(change.sender, change.chat, target, "help"), target)


def _incoming(user: User, chat: Chat, target: Target, text: str, *, pressed: bool = False) -> Incoming:
    name = one_line(f"{user.first_name} {user.last_name}", 64) or user.username[:64] or str(user.id)
    private = chat.type == "private" and chat.id == user.id
    return Incoming(identity=str(user.id), name=name, place=str(target), private=private, text=text, pressed=pressed)


def _place(message: Said) -> Target:
    topic = message.message_thread_id if message.is_topic_message and message.chat.id < 0 else None
    return Target(message.chat.id, topic)


def _words_to(me: Myself, message: Said, trigger: str) -> str | None:
    """Return what a message says to the bot, without its name; None if it is not addressed."""
    private = message.chat.type == "private"
    raw = message.text.encode("utf-16-le", "surrogatepass")
    for entity in message.entities:
        part = _cut(raw, entity.offset, entity.offset + entity.length)
        rest = _cut(raw, entity.offset + entity.length, len(raw))
        if entity.type == "bot_command" and entity.offset == 0:
            command, _, bot = part.removeprefix("/").partition("@")
            if bot.lower() != me.username.lower() and (bot or not private):
                return None
            return "help" if command.lower() in _HELP else f"{command} {rest.strip()}".strip()
    without = _without_mention(raw, message.entities, me)
    after = _after_trigger(message.text if without is None else without, trigger)
    if after is not None:
        return after
    return without if without is not None else message.text if private else None


def _without_mention(raw: bytes, entities: tuple[Entity, ...], me: Myself) -> str | None:
    for entity in entities:
        end = entity.offset + entity.length
        if entity.type == "mention" and _cut(raw, entity.offset, end).lower() == f"@{me.username.lower()}":
            return f"{_cut(raw, 0, entity.offset).strip()} {_cut(raw, end, len(raw)).strip()}".strip()
    return None


def _after_trigger(text: str, trigger: str) -> str | None:
    head, rest = text.strip()[: len(trigger)], text.strip()[len(trigger) :]
    if head.casefold() != trigger.casefold() or (rest and (rest[0].isalnum() or rest[0] == "_")):
        return None
    return rest.lstrip(" \t:,")


def _cut(raw: bytes, start: int, end: int) -> str:
    """Return a part of a text that is counted in UTF-16 units."""
    return raw[2 * start : 2 * end].decode("utf-16-le", "replace")
