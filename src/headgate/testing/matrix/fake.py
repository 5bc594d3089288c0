"""A homeserver that is played: the calls of a connector that writes, strictly checked, and every trouble on demand.

What it checks is from the Matrix client-server API v1.16: "Sending events to a room", "m.room.message msgtypes" (the
HTML that clients show), "Mentioning the sender of a message", "Size limits", "Using access tokens". It has one room.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, Behaviour
from headgate.testing.matrix.html import html_mistakes
from headgate.testing.web import PlayedByAnswers

MAX_EVENT = 65_536
"""Octets of an event, with what the server adds."""
_ADDED = 2000
"""Octets that a server adds to a content."""
_ROOT = "/_matrix/client/v3/"


@dataclass(frozen=True, slots=True)
class TakenEvent:
    """An event that was taken; the same transaction in the same room is shown once, however often it is taken."""

    room: str
    transaction: str
    content: dict[str, Any]
    size: int
    """Octets of the request's body."""


class FakeHomeserver(PlayedByAnswers):
    """One account in one room; use it as an async context manager. ``trouble`` is for the next events, in order."""

    def __init__(self, token: str, *, user: str = "@headgate:test.local", room: str = "!room:test.local") -> None:
        super().__init__()
        self.user = user
        self.room = room
        self.taken: list[TakenEvent] = []
        self.trouble: deque[Behaviour] = deque()
        self._token = token

    @property
    def url(self) -> str:
        """The homeserver's address."""
        return self.sink.url

    def answer(self, request: ReceivedRequest) -> Behaviour:
        """Answer as a homeserver would."""
        parts = urlsplit(request.path)
        given = request.headers.get("authorization", "")
        if given != f"Bearer {self._token}":
            return refusal(401, "M_UNKNOWN_TOKEN" if given else "M_MISSING_TOKEN", "who is it?")
        path = parts.path.removeprefix(_ROOT) if parts.path.startswith(_ROOT) else "no/such/call"
        match request.method, [unquote(part) for part in path.split("/")]:
            case "GET", ["account", "whoami"]:
                return _said({"user_id": self.user, "device_id": "FAKE", "is_guest": False})
            case "GET", ["sync"]:
                joined = {self.room: {"timeline": {"events": [], "limited": False, "prev_batch": "p"}}}
                return _said({"next_batch": "n", "rooms": {"join": joined}})
            case "GET", ["rooms", self.room, "state", _]:
                return refusal(404, "M_NOT_FOUND", "Event not found.")
            case "PUT", ["rooms", room, "send", "m.room.message", transaction] if transaction:
                return self.trouble.popleft() if self.trouble else self._take(room, transaction, request.body)
        return refusal(404, "M_UNRECOGNIZED", "Unrecognized request")

    def _take(self, room: str, transaction: str, body: bytes) -> Behaviour:
        if room != self.room:
            return refusal(403, "M_FORBIDDEN", f"User {self.user} not in room {room}")
        try:
            content = json.loads(body.decode())
        except ValueError:
            return refusal(400, "M_NOT_JSON", "Content not JSON.")
        if len(body) + _ADDED > MAX_EVENT:
            return refusal(413, "M_TOO_LARGE", "event too large")
        if mistakes := content_mistakes(content):
            return refusal(400, "M_BAD_JSON", "; ".join(mistakes)[:500])
        self.taken.append(TakenEvent(room, transaction, content, len(body)))
        first = next(n for n, event in enumerate(self.taken) if (event.room, event.transaction) == (room, transaction))
        return _said({"event_id": f"$event-{first}"})


def content_mistakes(content: object) -> list[str]:
    """Return what is wrong with the content of a notice or text that mentions nobody."""
    if not isinstance(content, dict):
        return ["content is no object"]
    mistakes = [f"unknown field {key}" for key in content if key not in _FIELDS]
    if content.get("msgtype") not in ("m.notice", "m.text"):
        mistakes.append("msgtype is neither m.notice nor m.text")
    if not isinstance(content.get("body"), str) or not content["body"].strip():
        mistakes.append("body is no text, or empty")
    if content.get("m.mentions") != {}:
        mistakes.append("m.mentions is not empty, or not there")
    if content.get("format") != "org.matrix.custom.html" or not isinstance(content.get("formatted_body"), str):
        mistakes.append("format and formatted_body do not go together")
    else:
        mistakes += html_mistakes(content["formatted_body"])
    return mistakes


_FIELDS = frozenset({"msgtype", "body", "format", "formatted_body", "m.mentions"})


def refusal(status: int, code: str, error: str, **more: object) -> Answer:
    """Return an answer that refuses, as homeservers do. A ``retry_after_ms`` makes a ``Retry-After`` too."""
    wait = more.get("retry_after_ms")
    headers = {"Retry-After": str(-(-wait // 1000))} if isinstance(wait, int) else {}
    body = json.dumps({"errcode": code, "error": error, **more}).encode()
    return Answer(status, {"Content-Type": "application/json", **headers}, body)


def _said(content: dict[str, Any]) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(content).encode())
