"""The conformance suite over mail by SMTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from headgate.testing.conformance.service import Seen, Trouble
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.smtp.behaviour import Behaviour, Hang, Reset, Say, SayRaw, Step
from headgate.testing.smtp.sink import SmtpSink

PASSWORD = "correct-horse-battery"
TROUBLES: dict[Trouble, tuple[Step, Behaviour]] = {
    Trouble.REFUSE_TARGET: (Step.RCPT, Say("550 5.1.1 no such user")),
    Trouble.REFUSE_MESSAGE: (Step.BODY, Say("554 5.7.1 not with me")),
    Trouble.REFUSE_FOR_NOW: (Step.RCPT, Say("451 4.7.1 greylisted")),
    Trouble.BREAK_DOWN: (Step.RCPT, Say("421 4.3.2 going down")),
    Trouble.REFUSE_CREDENTIALS: (Step.RCPT, Say("530 5.7.0 authentication required")),
    Trouble.SLOW_DOWN: (Step.RCPT, Say("450 4.7.1 too many mails")),
    Trouble.HANG: (Step.RCPT, Hang()),
    Trouble.RESET: (Step.BODY, Reset()),
    Trouble.GIBBERISH: (Step.RCPT, SayRaw(b"<html>this is no mail server</html>\r\n")),
    Trouble.ENDLESS: (Step.RCPT, SayRaw(b"450-and another thing\r\n" * 100_000)),
    Trouble.ECHO_SECRETS: (Step.RCPT, Say(f"451 you said {PASSWORD}")),
}


class PlayedMailServer:
    """A mail server with a login."""

    kind = "mailto"
    target = "ada@example.org"
    secrets = (PASSWORD,)
    says_when = False

    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink
        self.settings = {
            "host": "127.0.0.1",
            "port": sink.port,
            "from_address": "slurm@example.org",
            "domain": "example.org",
            "username": "headgate",
            "password": PASSWORD,
        }

    def prepare(self, trouble: Trouble | None) -> None:
        if trouble is not None:
            step, behaviour = TROUBLES[trouble]
            self._sink.script(step, behaviour)

    def seen(self) -> list[Seen]:
        return [Seen(mail.recipients[0], str(mail.message["Message-ID"]), len(mail.raw)) for mail in self._sink.mails]

    async def stop(self) -> None:
        await self._sink.stop()


class TestSmtp(ConnectorConformance):
    @pytest.fixture
    async def service(self) -> AsyncIterator[PlayedMailServer]:
        async with SmtpSink(accounts={"headgate": PASSWORD}) as sink:
            yield PlayedMailServer(sink)
