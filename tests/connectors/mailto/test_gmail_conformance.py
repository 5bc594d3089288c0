"""The conformance suite over mail by Gmail's API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from headgate.testing.conformance.service import RETRY_AFTER, Seen, Trouble
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.gmail.google import PlayedGoogle, fault
from headgate.testing.http.sink import Answer, AnswerForEver, AnswerRaw, Behaviour, Hang, Reset

USER = "slurm@example.org"


class PlayedMailbox:
    """A Workspace with one mailbox, and a service account that may send from it."""

    kind = "mailto"
    target = "ada@example.org"
    says_when = True

    def __init__(self, google: PlayedGoogle) -> None:
        self._google = google
        key = google.key_file
        line = json.loads(key)["private_key"].splitlines()[3]
        self.secrets = (line, google.account.key_id, "ya29.c.played-token")
        self.settings = {"transport": "gmail", "gmail_key": key, "gmail_url": google.url, "from_address": USER}
        self.troubles: dict[Trouble, Behaviour] = {
            Trouble.REFUSE_TARGET: fault(400, "invalidArgument", "Invalid To header"),
            Trouble.REFUSE_MESSAGE: fault(413, "uploadTooLarge", "too large"),
            Trouble.REFUSE_FOR_NOW: fault(503, "backendError", "later"),
            Trouble.BREAK_DOWN: Answer(502, body=b"<html>Bad Gateway</html>"),
            Trouble.REFUSE_CREDENTIALS: fault(403, "insufficientPermissions", "Insufficient Permission"),
            Trouble.SLOW_DOWN: Answer(429, {"Retry-After": str(RETRY_AFTER)}),
            Trouble.HANG: Hang(),
            Trouble.RESET: Reset(),
            Trouble.GIBBERISH: AnswerRaw(b"220 this is a mail server\r\n\r\n"),
            Trouble.ENDLESS: AnswerForEver(500),
        }

    def prepare(self, trouble: Trouble | None) -> None:
        if trouble is Trouble.ECHO_SECRETS:
            token = next(iter(self._google.tokens), f"ya29.c.played-token-0001-{'x' * 40}")
            said = f"{token} {self._google.key_file}"
            self._google.script(fault(500, "backendError", said))
        elif trouble is not None:
            self._google.script(self.troubles[trouble])

    def seen(self) -> list[Seen]:
        return [
            Seen(str(mail.message["To"]), str(mail.message["Message-ID"]), len(mail.raw)) for mail in self._google.mails
        ]

    async def stop(self) -> None:
        await self._google.stop()


class TestGmail(ConnectorConformance):
    @pytest.fixture
    async def service(self) -> AsyncIterator[PlayedMailbox]:
        async with PlayedGoogle((USER,)) as google:
            yield PlayedMailbox(google)
