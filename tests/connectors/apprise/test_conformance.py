"""The conformance suite over Apprise: its ``json://`` service, a POST to an endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from headgate.testing.conformance.service import RETRY_AFTER, Seen, Trouble
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, AnswerForEver, AnswerRaw, Behaviour, Hang, HttpSink, Reset

PASSWORD = "a-password-in-the-address"
IN_PATH = "a-token-in-the-path"
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
    Trouble.ECHO_SECRETS: Answer(500, body=f"{PASSWORD} /{IN_PATH}?k={PASSWORD}".encode()),
}


class PlayedEndpoint:
    """An endpoint that takes what Apprise's ``json://`` sends."""

    kind = "apprise"
    target = "ops"
    secrets = (PASSWORD, IN_PATH)
    says_when = True

    def __init__(self, sink: HttpSink) -> None:
        self._sink = sink
        url = f"json://ada:{PASSWORD}@{sink.url.removeprefix('http://')}/{IN_PATH}"
        self.settings = {"targets": {"ops": {"url": url}}}
        self._next: Trouble | None = None
        self._taken: list[ReceivedRequest] = []
        sink.choose = self._choose

    def _choose(self, request: ReceivedRequest) -> Behaviour | None:
        trouble, self._next = self._next, None
        if trouble is None:
            self._taken.append(request)
        return TROUBLES[trouble] if trouble is not None else None

    def prepare(self, trouble: Trouble | None) -> None:
        # A send that is cancelled while its process starts never comes; then the trouble is not for the one after it.
        self._next = trouble

    def seen(self) -> list[Seen]:
        return [Seen("ops", request.headers["idempotency-key"], len(request.body)) for request in self._taken]

    async def stop(self) -> None:
        await self._sink.stop()


class TestApprise(ConnectorConformance):
    @pytest.fixture
    async def service(self) -> AsyncIterator[PlayedEndpoint]:
        async with HttpSink() as sink:
            yield PlayedEndpoint(sink)
