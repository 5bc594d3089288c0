"""The conformance suite over webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from headgate.testing.conformance.service import RETRY_AFTER, Seen, Trouble
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.http.sink import Answer, AnswerForEver, AnswerRaw, Behaviour, Hang, HttpSink, Reset

SECRET = "a-secret-that-signs"
TOKEN = "a-token-in-a-header"
IN_URL = "a-token-in-the-address"
TROUBLES: dict[Trouble, Behaviour] = {
    Trouble.REFUSE_TARGET: Answer(404),
    Trouble.REFUSE_MESSAGE: Answer(422, body=b"no"),
    Trouble.REFUSE_FOR_NOW: Answer(503),
    Trouble.BREAK_DOWN: Answer(500),
    Trouble.REFUSE_CREDENTIALS: Answer(401),
    Trouble.SLOW_DOWN: Answer(429, {"Retry-After": str(RETRY_AFTER)}),
    Trouble.HANG: Hang(),
    Trouble.RESET: Reset(),
    Trouble.GIBBERISH: AnswerRaw(b"220 this is a mail server\r\n\r\n"),
    Trouble.ENDLESS: AnswerForEver(500),
    Trouble.ECHO_SECRETS: Answer(500, body=f"{SECRET} {TOKEN} /{IN_URL}?k={TOKEN}".encode()),
}


class PlayedReceiver:
    """A program that takes webhooks."""

    kind = "webhook"
    target = "ops"
    secrets = (SECRET, TOKEN, IN_URL)
    says_when = True

    def __init__(self, sink: HttpSink) -> None:
        self._sink = sink
        endpoint = {"url": f"{sink.url}/{IN_URL}", "secret": SECRET, "headers": {"Authorization": f"Bearer {TOKEN}"}}
        self.settings = {"endpoints": {"ops": endpoint}}
        self._refused: list[int] = []

    def prepare(self, trouble: Trouble | None) -> None:
        if trouble is not None:
            self._refused.append(len(self._sink.requests))
            self._sink.script(TROUBLES[trouble])

    def seen(self) -> list[Seen]:
        return [
            Seen(request.json["recipient"].partition(":")[2], request.headers["idempotency-key"], len(request.body))
            for number, request in enumerate(self._sink.requests)
            if number not in self._refused
        ]

    async def stop(self) -> None:
        await self._sink.stop()


class TestWebhook(ConnectorConformance):
    @pytest.fixture
    async def service(self) -> AsyncIterator[PlayedReceiver]:
        async with HttpSink() as sink:
            yield PlayedReceiver(sink)
