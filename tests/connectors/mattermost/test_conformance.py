"""The conformance suite over Mattermost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from headgate.testing.conformance.service import RETRY_AFTER, Seen, Trouble
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.http.sink import Answer, AnswerForEver, AnswerRaw, Behaviour, Hang, Reset
from headgate.testing.mattermost import FakeMattermost


def refusal(status: int, name: str, said: str = "no", **headers: str) -> Answer:
    error = {"id": name, "message": said, "detailed_error": "", "request_id": "x", "status_code": status}
    return Answer(status, {"Content-Type": "application/json", **headers}, json.dumps(error).encode())


def troubles(token: str) -> dict[Trouble, Behaviour]:
    return {
        Trouble.REFUSE_TARGET: refusal(403, "api.context.permissions.app_error"),
        Trouble.REFUSE_MESSAGE: refusal(400, "model.post.is_valid.message_length.app_error"),
        Trouble.REFUSE_FOR_NOW: refusal(500, "api.post.deduplicate_create_post.pending"),
        Trouble.BREAK_DOWN: Answer(502, body=b"<html>Bad Gateway</html>"),
        Trouble.REFUSE_CREDENTIALS: refusal(401, "api.context.session_expired.app_error"),
        Trouble.SLOW_DOWN: Answer(429, {"X-RateLimit-Reset": str(RETRY_AFTER)}, b"limit exceeded"),
        Trouble.HANG: Hang(),
        Trouble.RESET: Reset(),
        Trouble.GIBBERISH: AnswerRaw(b"220 this is a mail server\r\n\r\n"),
        Trouble.ENDLESS: AnswerForEver(500),
        Trouble.ECHO_SECRETS: refusal(500, "app.post.save.app_error", f"{token} and again {token}"),
    }


class PlayedMattermost:
    kind = "mattermost"
    says_when = True

    def __init__(self, server: FakeMattermost) -> None:
        self._server = server
        self._channel = server.world.add_channel("hpc", "jobs", server.world.bot)
        self.target = self._channel.id
        self.secrets = (server.token,)
        self.settings = {"url": server.url, "token": server.token}
        self._troubles = troubles(server.token)

    def prepare(self, trouble: Trouble | None) -> None:
        if trouble is not None:
            self._server.script(self._troubles[trouble])

    def seen(self) -> list[Seen]:
        return [
            Seen(post["channel_id"], post["pending_post_id"], len(body))
            for body in self._server.bodies
            for post in [json.loads(body)]
        ]

    async def stop(self) -> None:
        await self._server.stop()


class TestMattermost(ConnectorConformance):
    @pytest.fixture
    async def service(self) -> AsyncIterator[PlayedMattermost]:
        async with FakeMattermost() as server:
            yield PlayedMattermost(server)
