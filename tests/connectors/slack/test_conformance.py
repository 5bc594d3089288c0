"""The conformance suite over Slack: a workspace that keeps the documented rules, and troubles as Slack has them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from headgate.testing.conformance.service import RETRY_AFTER, Seen, Trouble
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, AnswerForEver, AnswerRaw, Behaviour, Hang, HttpSink, Reset
from headgate.testing.slack.workspace import APP_TOKEN, BOT_TOKEN, SlackWorkspace


def refusal(code: str) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, json.dumps({"ok": False, "error": code}).encode())


TROUBLES: dict[Trouble, Behaviour] = {
    Trouble.REFUSE_TARGET: refusal("channel_not_found"),
    Trouble.REFUSE_MESSAGE: refusal("msg_blocks_too_long"),
    Trouble.REFUSE_FOR_NOW: refusal("internal_error"),
    Trouble.BREAK_DOWN: refusal("service_unavailable"),
    Trouble.REFUSE_CREDENTIALS: refusal("token_revoked"),
    Trouble.SLOW_DOWN: Answer(429, {"Retry-After": str(RETRY_AFTER)}, b'{"ok":false,"error":"ratelimited"}'),
    Trouble.HANG: Hang(),
    Trouble.RESET: Reset(),
    Trouble.GIBBERISH: AnswerRaw(b"220 this is a mail server\r\n\r\n"),
    Trouble.ENDLESS: AnswerForEver(200),
    Trouble.ECHO_SECRETS: refusal(f"fatal_error {BOT_TOKEN} {APP_TOKEN}"),
}


class PlayedSlack:
    """The Web API of a workspace, on a sink that can also break."""

    kind = "slack"
    target = "C0GENERAL"
    secrets = (BOT_TOKEN, APP_TOKEN)
    says_when = True

    def __init__(self, sink: HttpSink) -> None:
        self._sink = sink
        self._workspace = SlackWorkspace()
        self._trouble: list[Behaviour | None] = []
        sink.choose = self._choose
        self.settings = {
            "token": BOT_TOKEN,
            "base_url": f"{sink.url}/api",
            "bot": {"enabled": True, "app_token": APP_TOKEN},
        }

    def prepare(self, trouble: Trouble | None) -> None:
        self._trouble = [TROUBLES[trouble]] if trouble else []

    def seen(self) -> list[Seen]:
        return [
            Seen(post.channel, post.arguments["metadata"]["event_payload"]["key"], len(json.dumps(post.arguments)))
            for post in self._workspace.posts
        ]

    async def stop(self) -> None:
        await self._sink.stop()

    def _choose(self, request: ReceivedRequest) -> Behaviour:
        if self._trouble and (trouble := self._trouble.pop()):
            return trouble
        reply = self._workspace.answer(request.path.rpartition("/")[2], request.headers, request.body)
        return Answer(reply.status, {**reply.headers, "Content-Type": "application/json"}, reply.body)


class TestSlack(ConnectorConformance):
    @pytest.fixture
    async def service(self) -> AsyncIterator[PlayedSlack]:
        async with HttpSink() as sink:
            yield PlayedSlack(sink)
