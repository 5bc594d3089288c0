"""The conformance suite over Telegram."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import pytest

from headgate.testing.conformance.service import RETRY_AFTER, Seen, Trouble
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, AnswerForEver, AnswerRaw, Behaviour, Hang, HttpSink, Reset
from headgate.testing.telegram.chats import Chat
from headgate.testing.telegram.errors import RefusedError
from headgate.testing.telegram.telegram import Telegram

CHAT = 4242


def refusal(code: int, description: str, **parameters: int) -> Answer:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Answer(code, {"Content-Type": "application/json"}, json.dumps(body).encode())


class PlayedTelegram:
    """Telegram by its rules, and what it does wrong by a script."""

    kind = "telegram"
    target = str(CHAT)
    says_when = True

    def __init__(self, sink: HttpSink) -> None:
        self._sink = sink
        self._telegram = Telegram()
        self._telegram.add(Chat(CHAT))
        self._troubles: deque[Behaviour] = deque()
        self._seen: list[Seen] = []
        sink.choose = self._choose
        token = self._telegram.token
        self.secrets = (token, token.partition(":")[2])
        self.settings = {"token": token, "base_url": sink.url}

    def prepare(self, trouble: Trouble | None) -> None:
        if trouble is not None:
            self._troubles.append(self._behaviour(trouble))

    def seen(self) -> list[Seen]:
        return list(self._seen)

    async def stop(self) -> None:
        await self._sink.stop()

    def _behaviour(self, trouble: Trouble) -> Behaviour:
        token = self._telegram.token
        answers: dict[Trouble, Behaviour] = {
            Trouble.REFUSE_TARGET: refusal(403, "Forbidden: bot was blocked by the user"),
            Trouble.REFUSE_MESSAGE: refusal(400, "Bad Request: message is too long"),
            Trouble.REFUSE_FOR_NOW: refusal(500, "Internal Server Error"),
            Trouble.BREAK_DOWN: refusal(502, "Bad Gateway"),
            Trouble.REFUSE_CREDENTIALS: refusal(401, "Unauthorized"),
            Trouble.SLOW_DOWN: refusal(429, f"Too Many Requests: retry after {RETRY_AFTER}", retry_after=RETRY_AFTER),
            Trouble.HANG: Hang(),
            Trouble.RESET: Reset(),
            Trouble.GIBBERISH: AnswerRaw(b"220 this is a mail server\r\n\r\n"),
            Trouble.ENDLESS: AnswerForEver(500),
            Trouble.ECHO_SECRETS: refusal(500, f"bot{token} {token.partition(':')[2]} /bot{token}/sendMessage"),
        }
        return answers[trouble]

    def _choose(self, request: ReceivedRequest) -> Behaviour:
        if self._troubles:
            return self._troubles.popleft()
        _, token, method = request.path.split("/")
        try:
            name = self._telegram.check(token.removeprefix("bot"), method, request.json)
            result = self._telegram.call(name, request.json)
        except RefusedError as refused:
            return refusal(refused.code, refused.description, **refused.parameters)
        key = request.headers["idempotency-key"]
        self._seen.append(Seen(str(request.json["chat_id"]), key, len(request.body)))
        return Answer(body=json.dumps({"ok": True, "result": result}).encode())


class TestTelegram(ConnectorConformance):
    @pytest.fixture
    async def service(self) -> AsyncIterator[PlayedTelegram]:
        async with HttpSink() as sink:
            yield PlayedTelegram(sink)
