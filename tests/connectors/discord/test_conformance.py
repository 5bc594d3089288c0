"""The conformance suite over Discord."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from headgate.notify.connector import Connector
from headgate.testing.conformance.observers import Commits
from headgate.testing.conformance.service import RETRY_AFTER, ScriptedService, Seen, Trouble
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.discord.limits import too_many
from headgate.testing.discord.server import CHANNEL, PERSON, TOKEN, FakeDiscord
from headgate.testing.http.sink import Answer, AnswerForEver, AnswerRaw, Behaviour, Hang, Reset


def refusal(status: int, code: int, message: str) -> Answer:
    """Return an error as Discord says it."""
    return Answer(status, {"Content-Type": "application/json"}, json.dumps({"message": message, "code": code}).encode())


TROUBLES: dict[Trouble, Behaviour] = {
    Trouble.REFUSE_TARGET: refusal(404, 10003, "Unknown Channel"),
    Trouble.REFUSE_MESSAGE: refusal(400, 50035, "Invalid Form Body"),
    Trouble.REFUSE_FOR_NOW: Answer(503, body=b"upstream connect error"),
    Trouble.BREAK_DOWN: refusal(503, 130000, "API resource is currently overloaded. Try again a little later"),
    Trouble.REFUSE_CREDENTIALS: refusal(401, 0, "401: Unauthorized"),
    Trouble.SLOW_DOWN: too_many(RETRY_AFTER),
    Trouble.HANG: Hang(),
    Trouble.RESET: Reset(),
    Trouble.GIBBERISH: AnswerRaw(b"220 this is a mail server\r\n\r\n"),
    Trouble.ENDLESS: AnswerForEver(500),
    Trouble.ECHO_SECRETS: Answer(500, body=f"Authorization: Bot {TOKEN} {TOKEN.partition('.')[2]}".encode()),
}


class PlayedDiscord:
    """A Discord with one channel and one person."""

    kind = "discord"
    secrets = (TOKEN, TOKEN.split(".")[2])
    says_when = True

    def __init__(self, fake: FakeDiscord, target: str) -> None:
        self._fake = fake
        self.target = target
        self.settings = {"token": TOKEN, "url": fake.url}

    def prepare(self, trouble: Trouble | None) -> None:
        if trouble is not None:
            self._fake.script(TROUBLES[trouble])

    def seen(self) -> list[Seen]:
        people = {channel: f"user/{person}" for person, channel in self._fake.private.items()}
        return [
            Seen(people.get(taken.channel, taken.channel), taken.payload["nonce"], taken.size)
            for taken in self._fake.messages
        ]

    async def stop(self) -> None:
        await self._fake.stop()


class OfDiscord(ConnectorConformance):
    async def test_every_attempt_carries_the_same_key(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        """Discord shows a message with a known nonce once, so the second attempt is not seen again."""
        for trouble in (None, Trouble.REFUSE_FOR_NOW, None):
            service.prepare(trouble)
            await connector.send(self.envelope(service, key="key-of-one-delivery"), commit)
        (first,) = service.seen()
        await connector.send(self.envelope(service, key="key-of-another"), commit)
        assert service.seen()[-1].key != first.key


class TestDiscordChannel(OfDiscord):
    @pytest.fixture
    async def service(self) -> AsyncIterator[PlayedDiscord]:
        async with FakeDiscord() as fake:
            yield PlayedDiscord(fake, CHANNEL)


class TestDiscordPerson(OfDiscord):
    @pytest.fixture
    async def service(self) -> AsyncIterator[PlayedDiscord]:
        async with FakeDiscord() as fake:
            yield PlayedDiscord(fake, f"user/{PERSON}")
