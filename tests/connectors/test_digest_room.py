"""No connector cuts a digest: what it says it can show, it shows, whatever the jobs are called."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from headgate.connectors.registry import make_connector
from headgate.model.message import JobIdentity, Message, Outcome
from headgate.notify.connector import DIGEST_ROOM, Envelope, Renders
from headgate.notify.digest import fold
from scripts.pictures import SUBJECTS, Subject

_CASES: Mapping[str, Subject] = {
    **SUBJECTS,
    "apprise": Subject({"targets": {"ops": {"url": "json://localhost/"}}}, "ops"),
}
_NAMES = ["train", "測試" * 30, "*_`~|<@&>[x](y)" * 6, "a" * 200, "<b>&amp;" * 20, "\u202eabc" * 20]


def failed(number: int) -> Message:
    name = _NAMES[number % len(_NAMES)]
    identity = JobIdentity(cluster="c", job_id=str(700000 + number), name=name, user="ada")
    title = f'Failed (exit code 1): job {700000 + number} "{name}"'
    return Message(title=title, outcome=Outcome.FAILED, time=1_795_000_000.0, job=identity)


@pytest.mark.parametrize("kind", sorted(_CASES))
async def test_every_line_of_a_folded_digest_is_shown(kind: str) -> None:
    subject = _CASES[kind]
    connector = make_connector(kind, kind, subject.settings)
    try:
        messages = [failed(number) for number in range(300)]
        told: set[int] = set()
        digests = 0
        while messages:
            room = getattr(connector, "digest_room", DIGEST_ROOM)
            digest, used = fold(messages, now=1_795_000_000.0, room=room, lines=getattr(connector, "digest_lines", 200))
            assert isinstance(connector, Renders)
            shown = connector.render(Envelope(subject.target, digest, "key"))
            text = shown.html or shown.payload
            told |= {int(number) for number in re.findall(r"700[0-9]{3}", text)}
            messages = messages[used:]
            digests += 1
    finally:
        await connector.aclose()
    assert told == {700000 + number for number in range(300)}
    assert digests < 60
