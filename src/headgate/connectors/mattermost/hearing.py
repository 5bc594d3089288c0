"""What a ``posted`` event says to the bot, if anything. Pure.

The event's form: https://developers.mattermost.com/api-documentation/, "WebSocket", and the server's
``server/channels/app/notification.go``: the post is JSON inside the JSON, ``channel_type`` is D in a direct channel.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from headgate.bots.chat import Incoming
from headgate.connectors.mattermost.targets import is_id

MAX_TEXT = 2000
"""Characters of what somebody says that are looked at."""
_NOT_PEOPLE = ("from_webhook", "from_bot", "from_plugin", "override_username")
"""Props of posts that no person wrote."""


@dataclass(frozen=True, slots=True)
class Self:
    """Who the bot is."""

    id: str
    username: str


@dataclass(frozen=True, slots=True)
class Heard:
    """Something said to the bot. ``thread``: the post that an answer in a channel is put under."""

    incoming: Incoming
    post: str
    thread: str


def heard(event: object, bot: Self, trigger: str) -> Heard | None:
    """Return what an event says to the bot; None if it says nothing to it, or is not written by a person."""
    if not isinstance(event, dict) or event.get("event") != "posted" or not isinstance(event.get("data"), dict):
        return None
    data = event["data"]
    post = _post(data.get("post"))
    if post is None or post.get("type") or post.get("user_id") == bot.id or not _by_a_person(post):
        return None
    ids = (post.get("id"), post.get("user_id"), post.get("channel_id"))
    text, root = post.get("message"), post.get("root_id")
    if not all(is_id(each) for each in ids) or not isinstance(text, str):
        return None
    private = data.get("channel_type") == "D"
    said = addressed(text[:MAX_TEXT], bot.username, trigger)
    if said is None and not private:
        return None
    sender = data.get("sender_name")
    incoming = Incoming(
        identity=str(ids[1]),
        name=sender.removeprefix("@") if isinstance(sender, str) else "",
        place=str(ids[2]),
        private=private,
        text=text[:MAX_TEXT].strip() if said is None else said,
    )
    return Heard(incoming, str(ids[0]), str(root) if is_id(root) else str(ids[0]))


def addressed(text: str, username: str, trigger: str) -> str | None:
    """Return what follows the bot's name or its trigger at the beginning of a text; None if neither stands there."""
    begins = rf"\s*(?:@{re.escape(username)}(?![a-z0-9_-]|\.[a-z0-9])|{re.escape(trigger)}(?!\S))[\s:,]*"
    found = re.match(begins, text, re.IGNORECASE)
    return text[found.end() :].strip() if found else None


def _post(text: object) -> dict[str, Any] | None:
    if not isinstance(text, str):
        return None
    try:
        post = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return post if isinstance(post, dict) else None


def _by_a_person(post: dict[str, Any]) -> bool:
    props = post.get("props") or {}
    return isinstance(props, dict) and not any(props.get(name) for name in _NOT_PEOPLE)
