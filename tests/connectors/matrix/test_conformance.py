"""The conformance suite over Matrix, against the played homeserver."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from headgate.testing.conformance.service import RETRY_AFTER, Seen, Trouble
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.http.sink import AnswerForEver, AnswerRaw, Behaviour, Hang, Reset
from headgate.testing.matrix.fake import FakeHomeserver, refusal

TOKEN = "syt_aGVhZGdhdGU_ASecretTokenOfTests_0aBcD"
TROUBLES: dict[Trouble, Behaviour] = {
    Trouble.REFUSE_TARGET: refusal(403, "M_FORBIDDEN", "User @headgate:test.local not in room"),
    Trouble.REFUSE_MESSAGE: refusal(413, "M_TOO_LARGE", "event too large"),
    Trouble.REFUSE_FOR_NOW: refusal(503, "M_UNKNOWN", "busy"),
    Trouble.BREAK_DOWN: refusal(500, "M_UNKNOWN", "Internal server error"),
    Trouble.REFUSE_CREDENTIALS: refusal(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.", soft_logout=False),
    Trouble.SLOW_DOWN: refusal(429, "M_LIMIT_EXCEEDED", "Too Many Requests", retry_after_ms=RETRY_AFTER * 1000),
    Trouble.HANG: Hang(),
    Trouble.RESET: Reset(),
    Trouble.GIBBERISH: AnswerRaw(b"220 this is a mail server\r\n\r\n"),
    Trouble.ENDLESS: AnswerForEver(500),
    Trouble.ECHO_SECRETS: refusal(500, "M_UNKNOWN", f"failed for Bearer {TOKEN} in {TOKEN}"),
}


class PlayedHomeserver:
    """A homeserver that takes events."""

    kind = "matrix"
    secrets = (TOKEN,)
    says_when = True

    def __init__(self, fake: FakeHomeserver) -> None:
        self._fake = fake
        self.target = fake.room
        self.settings = {"homeserver": fake.url, "token": TOKEN}

    def prepare(self, trouble: Trouble | None) -> None:
        if trouble is not None:
            # A room that has refused us is asked about, and tried once more if we turn out to be in it.
            times = 2 if trouble is Trouble.REFUSE_TARGET else 1
            self._fake.trouble.extend([TROUBLES[trouble]] * times)

    def seen(self) -> list[Seen]:
        return [Seen(event.room, event.transaction, event.size) for event in self._fake.taken]

    async def stop(self) -> None:
        await self._fake.sink.stop()


class TestMatrix(ConnectorConformance):
    @pytest.fixture
    async def service(self) -> AsyncIterator[PlayedHomeserver]:
        async with FakeHomeserver(TOKEN) as fake:
            yield PlayedHomeserver(fake)
