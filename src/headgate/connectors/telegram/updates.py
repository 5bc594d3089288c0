"""What Telegram reports to a bot, read narrowly. Pure.

https://core.telegram.org/bots/api#update. What a bot does not need is not looked at; what is not as documented is no
update.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

ALLOWED = ("message", "callback_query", "my_chat_member")
"""The kinds of update a bot asks for."""


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class User(_Read):
    """Somebody, or a bot."""

    id: StrictInt
    is_bot: StrictBool
    first_name: StrictStr = ""
    last_name: StrictStr = ""
    username: StrictStr = ""


class Chat(_Read):
    """Where something was said. ``type``: ``private``, ``group``, ``supergroup``, ``channel``."""

    id: StrictInt
    type: StrictStr


class Entity(_Read):
    """A part of a text that means something; ``offset`` and ``length`` in UTF-16 units."""

    type: StrictStr
    offset: Annotated[StrictInt, Field(ge=0)]
    length: Annotated[StrictInt, Field(ge=0)]


class Said(_Read):
    """A message. ``sender`` is missing in channels; ``forwarded`` and ``by_bot`` mark words that are not its own."""

    message_id: StrictInt
    chat: Chat
    sender: User | None = Field(default=None, alias="from")
    text: StrictStr = ""
    entities: tuple[Entity, ...] = ()
    message_thread_id: StrictInt | None = None
    is_topic_message: StrictBool = False
    forwarded: Any = Field(default=None, alias="forward_origin")
    by_bot: Any = Field(default=None, alias="via_bot")


class Pressed(_Read):
    """A button that was pressed; ``message`` is the one it stands under."""

    id: StrictStr
    sender: User = Field(alias="from")
    message: Said | None = None
    data: StrictStr = ""


class _Member(_Read):
    status: StrictStr


class MemberChange(_Read):
    """The bot was added to a chat, or taken out of one."""

    chat: Chat
    sender: User = Field(alias="from")
    old: _Member = Field(alias="old_chat_member")
    new: _Member = Field(alias="new_chat_member")


class Update(_Read):
    """One report; at most one of the three is there."""

    update_id: StrictInt
    message: Said | None = None
    callback_query: Pressed | None = None
    my_chat_member: MemberChange | None = None


def read_updates(result: object) -> list[Update] | None:
    """Read the result of ``getUpdates``; None if it is no list.

    An update that cannot be read is kept as one with nothing in it, so that it is not asked for again.
    """
    if not isinstance(result, list):
        return None
    return [update for raw in result if (update := _read(raw)) is not None]


def _read(raw: object) -> Update | None:
    try:
        return Update.model_validate(raw)
    except ValidationError:
        number = raw.get("update_id") if isinstance(raw, dict) else None
        return Update(update_id=number) if type(number) is int else None
