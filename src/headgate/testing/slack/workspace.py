"""One workspace: who and what is in it, and what its Web API answers. No I/O."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headgate.testing.slack.arguments import TOKENS, Refusal, read_arguments
from headgate.testing.slack.blockkit import check_attachments, check_blocks

BOT_TOKEN = "xoxb-1-2-headgatetest"  # noqa: S105 (a made-up token of a made-up service)
APP_TOKEN = "xapp-1-A1-2-headgatetest"  # noqa: S105 (the same)
BOT_USER = "UHEADGATE"
_MAX_TEXT = 4000
"""Characters that the documentation asks for at most; Slack itself cuts at 40,000."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    data: Mapping[str, Any]

    @property
    def body(self) -> bytes:
        """The data as it is sent."""
        return json.dumps(self.data).encode()


@dataclass(frozen=True, slots=True)
class Post:
    """A message that was taken. ``seen_by``: the only person who sees it, if it is ephemeral."""

    channel: str
    arguments: Mapping[str, Any]
    ts: str
    seen_by: str = ""


@dataclass
class Channel:
    """A channel, by its id in ``SlackWorkspace.channels``."""

    name: str
    member: bool = True
    archived: bool = False
    people: set[str] = field(default_factory=set)


class SlackWorkspace:
    """Answers calls of the Web API and keeps the messages it takes in ``posts``."""

    def __init__(self) -> None:
        self.channels = {
            "C0GENERAL": Channel("general", people={"U0ADA", "U0BOB"}),
            "C0SECRET": Channel("secret", member=False),
            "C0OLD": Channel("old", archived=True),
        }
        self.people = {"U0ADA", "U0BOB"}
        self.scopes = {"chat:write", "connections:write"}
        self.posts: list[Post] = []
        self.calls: list[str] = []
        self.refusals: deque[Reply] = deque()
        """What the next posts are answered with."""
        self.spacing = 0.0
        """Seconds between two messages to one channel; sooner, the answer is 429."""
        self._last: dict[str, float] = {}
        self._number = 0

    def refuse(self, code: str) -> None:
        """Answer the next post with this error."""
        self.refusals.append(Reply(200, {}, {"ok": False, "error": code}))

    def slow_down(self, seconds: int) -> None:
        """Answer the next post as https://docs.slack.dev/apis/web-api/rate-limits says."""
        self.refusals.append(Reply(429, {"Retry-After": str(seconds)}, {"ok": False, "error": "ratelimited"}))

    def answer(self, method: str, headers: Mapping[str, str], body: bytes, *, socket: str = "") -> Reply:
        """Answer a call. Header names are in lower case; ``socket``: the address of Socket Mode's next connection."""
        self.calls.append(method)
        try:
            arguments = read_arguments(method, headers.get("content-type", ""), body)
            self._authorise(method, headers.get("authorization", ""))
            return self._act(method, arguments, socket)
        except Refusal as refusal:
            told: dict[str, Any] = {"ok": False, "error": refusal.code}
            if refusal.details:
                told["response_metadata"] = {"messages": list(refusal.details)}
            if refusal.code == "missing_scope":
                told |= {"needed": "chat:write", "provided": ",".join(sorted(self.scopes))}
            return Reply(200, {}, told)

    def _authorise(self, method: str, authorization: str) -> None:
        token = authorization.removeprefix("Bearer ")
        if not token:
            raise Refusal("not_authed")
        if token not in (BOT_TOKEN, APP_TOKEN):
            raise Refusal("invalid_auth")
        if not token.startswith(TOKENS[method]):
            raise Refusal("not_allowed_token_type")
        if method.startswith("chat.") and "chat:write" not in self.scopes:
            raise Refusal("missing_scope")

    def _act(self, method: str, arguments: dict[str, Any], socket: str) -> Reply:
        match method:
            case "auth.test":
                own = {"user_id": BOT_USER, "bot_id": "BHEADGATE", "team_id": "T0TEST", "user": "headgate"}
                return Reply(200, {}, {"ok": True, "url": "https://test.slack.com/", "team": "Test", **own})
            case "apps.connections.open":
                return Reply(200, {}, {"ok": True, "url": socket})
            case _:
                return self._post(method, arguments)

    def _post(self, method: str, arguments: dict[str, Any]) -> Reply:
        if self.refusals:
            return self.refusals.popleft()
        channel = self._channel(str(arguments.get("channel", "")))
        _check_content(arguments)
        now = time.monotonic()
        if now - self._last.get(channel, -self.spacing) < self.spacing:
            return Reply(429, {"Retry-After": str(max(1, round(self.spacing)))}, {"ok": False, "error": "ratelimited"})
        self._last[channel] = now
        self._number += 1
        stamp = f"1795000000.{self._number:06}"
        if method == "chat.postEphemeral":
            self._check_reader(channel, str(arguments.get("user", "")))
            self.posts.append(Post(channel, arguments, stamp, str(arguments["user"])))
            return Reply(200, {}, {"ok": True, "message_ts": stamp})
        self.posts.append(Post(channel, arguments, stamp))
        said = {
            "type": "message",
            "user": BOT_USER,
            "bot_id": "BHEADGATE",
            "ts": stamp,
            "text": arguments.get("text", ""),
        }
        return Reply(200, {}, {"ok": True, "channel": channel, "ts": stamp, "message": said})

    def _channel(self, target: str) -> str:
        """Return a conversation's id; a person's is that of the conversation with the bot."""
        if target in self.people:
            return f"D{target[1:]}"
        if target.startswith("D") and f"U{target[1:]}" in self.people:
            return target
        named = {f"#{channel.name}": key for key, channel in self.channels.items()}
        found = named.get(target, target)
        if found not in self.channels:
            raise Refusal("channel_not_found")
        if self.channels[found].archived:
            raise Refusal("is_archived")
        if not self.channels[found].member:
            raise Refusal("not_in_channel")
        return found

    def _check_reader(self, channel: str, person: str) -> None:
        inside = self.channels[channel].people if channel in self.channels else {f"U{channel[1:]}"}
        if person not in inside:
            raise Refusal("user_not_in_channel")


def _check_content(arguments: Mapping[str, Any]) -> None:
    words = arguments.get("text", "")
    if not words.strip() and not arguments.get("blocks") and not arguments.get("attachments"):
        raise Refusal("no_text")
    if not words.strip():
        raise Refusal("invalid_arguments", "[ERROR] the top-level `text` argument is missing")
    if len(words) > _MAX_TEXT:
        raise Refusal("msg_too_long")
    if arguments.get("parse", "none") not in ("none", "full"):
        raise Refusal("invalid_arguments", "[ERROR] parse")
    metadata = arguments.get("metadata")
    if metadata is not None and set(metadata) != {"event_type", "event_payload"}:
        raise Refusal("invalid_metadata_format")
    check_blocks(arguments.get("blocks", []))
    check_attachments(arguments.get("attachments", []))
