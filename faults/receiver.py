"""The services that messages go to: one for HTTP, one for mail, both strict, both with every kind of bad day.

``python -m faults.receiver ADDRESS FILE SEED SHARE``, on a host of its own; it says both ports in one line.
What it took is written to FILE, a line of JSON each, before it is acknowledged. SHARE of its answers are bad ones.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from aiosmtpd.smtp import Envelope

from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, AnswerRaw, HttpSink
from headgate.testing.http.sink import Behaviour as HttpBehaviour
from headgate.testing.http.sink import Hang as HttpHang
from headgate.testing.http.sink import Reset as HttpReset
from headgate.testing.smtp.behaviour import Behaviour, Hang, KeepThenReset, Reset, Say, Step
from headgate.testing.smtp.sink import SmtpSink

T = TypeVar("T")
TOKEN: Final = re.compile(r"hgf-[a-z]+-[0-9a-z]+")
"""What a message's job is called, so that it is known again here."""
MAILBOXES: Final = tuple(f"reader{number}" for number in range(60))
ENDPOINTS: Final = tuple(f"program{number}" for number in range(8))
"""Who is told: people read one message after the other, so there have to be many."""
REFUSED: Final = "nobody"
"""The mailbox, and the endpoint, that take nothing, ever."""
_HALF: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Le"


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the receiver took. ``sure``: whether it also said so."""

    at: float
    token: str
    target: str
    key: str
    sure: bool


class Receiver:
    """Decides about each message, and keeps what it takes."""

    def __init__(self, file: Path, seed: int, share: float) -> None:
        self._file = file.open("a", buffering=1)
        self._chance = random.Random(seed)
        self._share = share
        self._unsure = False

    def http(self, request: ReceivedRequest) -> HttpBehaviour:
        """Answer a webhook."""
        name = request.path.strip("/")
        key, found = request.headers.get("idempotency-key", ""), TOKEN.search(request.body.decode())
        if request.method != "POST" or not key or found is None or json.loads(request.body)["key"] != key:
            return Answer(422, {}, b"this is no message of Headgate's")
        if name == REFUSED:
            return Answer(410, {}, b"gone")
        taken = Answer(200, {"Content-Type": "application/json"}, b"{}")
        answers: list[tuple[HttpBehaviour, bool | None]] = [
            (Answer(429, {"Retry-After": "1"}, b""), None),
            (Answer(500, {}, b"broken"), None),
            (Answer(503, {"Retry-After": "1"}, b""), None),
            (HttpHang(), None),
            (HttpReset(), None),
            (AnswerRaw(b""), None),
            (AnswerRaw(_HALF), False),
            (AnswerRaw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"), True),
            (AnswerRaw(b"\x00\xff not HTTP\r\n\r\n"), None),
        ]
        behaviour, sure = self._bad(answers) or (taken, True)
        if sure is not None:
            self._keep(Taken(time.time(), found[0], f"hook:{name}", key, sure))
        return behaviour

    def smtp(self, step: Step, envelope: Envelope) -> Behaviour | None:
        """Decide about a step of taking a mail."""
        if step is Step.RCPT or (step is Step.DATA and any(REFUSED in to for to in envelope.rcpt_tos)):
            return Say("550 5.1.1 no such mailbox") if step is Step.DATA else None
        if step not in (Step.MAIL, Step.DATA, Step.BODY):
            return None
        answers: list[Behaviour] = [Say("421 4.3.2 shutting down"), Say("451 4.7.1 greylisted"), Hang(), Reset()]
        if step is Step.BODY:
            answers.append(KeepThenReset())
        bad = self._bad([(answer, None) for answer in answers])
        self._unsure = bad is not None and isinstance(bad[0], KeepThenReset)
        return bad[0] if bad else None

    def keep_mail(self, envelope: Envelope) -> None:
        """Keep a mail that was taken."""
        text = (envelope.original_content or b"").decode(errors="replace")
        found, key = TOKEN.search(text), re.search(r"^Message-ID: <([^@>]+)", text, re.IGNORECASE | re.MULTILINE)
        token = "" if found is None else found[0]
        for to in envelope.rcpt_tos:
            name = str(to).partition("@")[0]
            self._keep(Taken(time.time(), token, f"mailto:{name}", "" if key is None else key[1], not self._unsure))
        self._unsure = False

    def _bad(self, answers: list[tuple[T, bool | None]]) -> tuple[T, bool | None] | None:
        return self._chance.choice(answers) if self._chance.random() < self._share else None

    def _keep(self, taken: Taken) -> None:
        self._file.write(json.dumps([taken.at, taken.token, taken.target, taken.key, taken.sure]) + "\n")


class _MailServer(SmtpSink):
    """A sink that hands what it takes to the receiver."""

    def __init__(self, receiver: Receiver, host: str) -> None:
        super().__init__(host=host)
        self._receiver = receiver
        self.choose = receiver.smtp

    def keep(self, envelope: Envelope) -> None:
        """Keep a mail."""
        self._receiver.keep_mail(envelope)


def read(file: Path, start: int = 0) -> tuple[list[Taken], int]:
    """Return what was taken since ``start``, a place in the file, and where the file ends now."""
    with file.open("rb") as opened:
        opened.seek(start)
        data = opened.read()
    whole = data[: data.rfind(b"\n") + 1]
    return [Taken(*json.loads(line)) for line in whole.splitlines()], start + len(whole)


async def main(address: str, file: Path, seed: int, share: float) -> None:
    """Take messages until standard input ends."""
    receiver = Receiver(file, seed, share)
    async with HttpSink(host=address) as web, _MailServer(receiver, address) as mail:
        web.choose = receiver.http
        sys.stdout.write(f"{web.url.rpartition(':')[2]} {mail.port}\n")
        sys.stdout.flush()
        while await asyncio.to_thread(sys.stdin.readline):
            web.requests.clear()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
