"""Discord's HTTP API as far as a bot that sends messages needs it, on a loopback port.

Answered are, under ``/api/v10``: ``POST channels/{id}/messages`` and ``POST users/@me/channels``, and for a client that
logs in ``GET users/@me`` and ``GET oauth2/applications/@me``. Which rule is from which page:

- who may ask: https://discord.com/developers/docs/reference#authentication and ``#user-agent`` below it
- what a message is: see ``form.py``; files: https://discord.com/developers/docs/reference#uploading-files
- a nonce is known again for some minutes: https://discord.com/developers/docs/resources/message#create-message
- codes of errors: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
- private channels: https://discord.com/developers/docs/resources/user#create-dm
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message as MimeMessage
from email.parser import BytesParser
from typing import Any

from headgate.testing.discord.form import check_message, is_empty, is_snowflake, wrong
from headgate.testing.discord.limits import Bucket, too_many
from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, Behaviour
from headgate.testing.web import PlayedByAnswers

TOKEN = "MTA1MDAwMDAwMDAwMDAwMDAx.fake-0.a-token_that-opens-nothing"  # noqa: S105 (of the fake)
CHANNEL = "1050000000000000100"
PERSON = "1050000000000000200"
BOT = "1050000000000000001"
NONCE_SECONDS = 300.0
"""How long a nonce is known again; Discord says "in the past few minutes"."""
_AGENT = re.compile(r"DiscordBot \(\S+ \S+\).*")
_MESSAGES = re.compile(r"/api/v10/channels/([^/]+)/messages")
_FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that was taken. ``size``: octets of the request's body."""

    id: str
    channel: str
    payload: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)
    size: int = 0


class FakeDiscord(PlayedByAnswers):
    """A Discord with one bot, known by ``token``; use it as an async context manager.

    ``messages`` holds what was taken. There are the channel ``CHANNEL`` and the person ``PERSON``; add others to
    ``channels`` and ``people``; ``private`` has the private channels, by person. ``refusals``: channel or person ->
    (status, code, words) that they are answered with. ``limits``: what each channel takes. ``on_taken`` is called with
    each message.
    """

    def __init__(self, *, token: str = TOKEN, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.messages: list[Taken] = []
        self.channels = {CHANNEL}
        self.people = {PERSON}
        self.opened: list[str] = []
        self.refusals: dict[str, tuple[int, int, str]] = {}
        self.limits: Bucket | None = None
        self.on_taken: Callable[[Taken], None] | None = None
        self.token = token
        self._clock = clock
        self.private: dict[str, str] = {}
        self._nonces: dict[str, tuple[float, Taken]] = {}
        self._next = int(CHANNEL) + 1000
        self._script: deque[Behaviour] = deque()

    @property
    def url(self) -> str:
        """What a connector's setting ``url`` is to be."""
        return f"{self.sink.url}/api"

    def script(self, *behaviours: Behaviour) -> None:
        """Queue what is done with the next messages, in place of taking them."""
        self._script.extend(behaviours)

    def answer(self, request: ReceivedRequest) -> Behaviour:
        """Answer as Discord would."""
        if not _AGENT.fullmatch(request.headers.get("user-agent", "")):
            return _error(403, 40333, "internal network error")
        path = request.path.partition("?")[0]
        if request.headers.get("authorization") != f"Bot {self.token}":
            return _error(401, 0, "401: Unauthorized")
        if request.method == "GET":
            return self._about_me(path)
        if request.method == "POST" and path == "/api/v10/users/@me/channels":
            return self._open(request)
        found = _MESSAGES.fullmatch(path) if request.method == "POST" else None
        return self._post(found[1], request) if found else _error(404, 0, "404: Not Found")

    def _about_me(self, path: str) -> Behaviour:
        me = {"id": BOT, "username": "headgate", "discriminator": "0000", "avatar": None, "bot": True}
        if path == "/api/v10/users/@me":
            return _ok(me)
        if path == "/api/v10/oauth2/applications/@me":
            public: dict[str, object] = {
                "icon": None,
                "bot_public": False,
                "bot_require_code_grant": False,
                "rpc_origins": [],
            }
            return _ok(
                {"id": BOT, "name": "headgate", "description": "", "owner": me, "flags": 0, "verify_key": "00"} | public
            )
        return _error(404, 0, "404: Not Found")

    def _open(self, request: ReceivedRequest) -> Behaviour:
        body = _json(request)
        asked = body.get("recipient_id") if isinstance(body, dict) and body.keys() == {"recipient_id"} else None
        person = str(asked) if type(asked) is int else asked  # discord.py sends a number
        if not isinstance(person, str) or not is_snowflake(person):
            return _invalid({"recipient_id": wrong("NUMBER_TYPE_COERCE", "Value is not snowflake.")})
        if person not in self.people:
            return _error(400, 50033, "Invalid Recipient(s)")
        self.opened.append(person)
        if person not in self.private:
            self.private[person] = self._new_id()
            self.channels.add(self.private[person])
        channel = self.private[person]
        if person in self.refusals:
            self.refusals[channel] = self.refusals[person]
        recipient = {"id": person, "username": "ada", "discriminator": "0", "global_name": None, "avatar": None}
        return _ok({"id": channel, "type": 1, "recipients": [recipient]})

    def _post(self, channel: str, request: ReceivedRequest) -> Behaviour:
        if self._script:
            return self._script.popleft()
        if (refused := self._refused(channel)) is not None:
            return refused
        try:
            body, files = _read(request)
        except ValueError:
            return _error(400, 50109, "The request body contains invalid JSON.")
        if errors := check_message(body, frozenset(files)):
            return _invalid(errors)
        return self._take(channel, body, files, len(request.body))

    def _refused(self, channel: str) -> Behaviour | None:
        """Return why nothing is taken for a channel now, whatever it is."""
        if not is_snowflake(channel):
            return _invalid({"channel_id": wrong("NUMBER_TYPE_COERCE", f'Value "{channel[:20]}" is not snowflake.')})
        if channel not in self.channels:
            return _error(404, 10003, "Unknown Channel")
        if channel in self.refusals:
            return _error(*self.refusals[channel])
        wait = self.limits.ask(channel, self._clock()) if self.limits is not None else None
        return too_many(wait) if wait is not None else None

    def _take(self, channel: str, body: dict[str, Any], files: dict[str, bytes], size: int) -> Behaviour:
        if is_empty(body):
            return _error(400, 50006, "Cannot send an empty message")
        nonce = body.get("nonce") if body.get("enforce_nonce") else None
        known = self._nonces.get(nonce or "")
        if known is not None and self._clock() - known[0] < NONCE_SECONDS:
            return _ok(_shown(known[1]))
        taken = Taken(self._new_id(), channel, body, files, size)
        self.messages.append(taken)
        if self.on_taken is not None:
            self.on_taken(taken)
        if nonce:
            self._nonces[nonce] = (self._clock(), taken)
        return _ok(_shown(taken))

    def _new_id(self) -> str:
        self._next += 1
        return str(self._next)


def _shown(taken: Taken) -> dict[str, Any]:
    return {
        "id": taken.id,
        "channel_id": taken.channel,
        "type": 0,
        "author": {"id": BOT, "username": "headgate", "discriminator": "0000", "avatar": None, "bot": True},
        "timestamp": "2026-11-21T03:43:02.000000+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "components": taken.payload.get("components", []),
        "pinned": False,
        "content": taken.payload.get("content", ""),
        "embeds": taken.payload.get("embeds", []),
        "nonce": taken.payload.get("nonce"),
    }


def _read(request: ReceivedRequest) -> tuple[Any, dict[str, bytes]]:
    """Read a message and its files. Raises ValueError for what is neither JSON nor a form with it."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith(_FORM):
        if kind.partition(";")[0] != "application/json":
            raise ValueError(kind)
        return json.loads(request.body), {}
    form: MimeMessage = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
    body: Any = None
    files: dict[str, bytes] = {}
    for part in form.get_payload() if form.is_multipart() else ():
        if not isinstance(part, MimeMessage):
            continue
        name = str(part.get_param("name", "", "content-disposition"))
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        if name == "payload_json":
            body = json.loads(content)
        elif re.fullmatch(r"files\[\d\]", name):
            files[part.get_filename("")] = content
        else:
            raise ValueError(name)
    return body, files


def _json(request: ReceivedRequest) -> object:
    try:
        return request.json
    except ValueError:
        return None


def _ok(data: object) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(data).encode())


def _error(status: int, code: int, message: str) -> Answer:
    body = json.dumps({"message": message, "code": code})
    return Answer(status, {"Content-Type": "application/json"}, body.encode())


def _invalid(errors: dict[str, Any]) -> Answer:
    body = {"message": "Invalid Form Body", "code": 50035, "errors": errors}
    return Answer(400, {"Content-Type": "application/json"}, json.dumps(body).encode())
