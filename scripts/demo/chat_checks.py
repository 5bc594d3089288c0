"""Whether the chats got what they should have: each fault is one sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.demo.got import Got
from scripts.demo.play import IN_EVERY_CHAT, Job


@dataclass(frozen=True, slots=True)
class Told:
    """One service that is to be told of the beginning and the end of one job."""

    service: str
    target: str
    job: Job
    number: int

    def titles(self) -> tuple[str, ...]:
        """Return what the titles of its messages end with."""
        return tuple(f'{words}: job {self.number} "{self.job.name}"' for words in ("Started", self.job.says[0]))

    def among(self, got: Iterable[Got]) -> list[Got]:
        """Return its messages."""
        return [one for one in got if one.service == self.service and one.is_about(self.number)]


def chat_faults(told: Iterable[Told], got: Sequence[Got]) -> list[str]:
    """Return what is wrong with what the services got: each a beginning and an end, of the right job. Pure."""
    found = []
    for one in told:
        messages, expected = one.among(got), one.titles()
        titles = [message.title for message in messages]
        if len(titles) != len(expected) or not all(map(str.endswith, titles, expected)):
            found.append(f"{one.service} should have got {list(expected)}, but got {titles}")
        elsewhere = (message.target for message in messages if message.target != one.target)
        found += [f"{one.service} got a message for {target}, not for {one.target}" for target in elsewhere]
    return found


def delivery_faults(deliveries: Sequence[Mapping[str, Any]], owed: int) -> list[str]:
    """Return what is wrong with what was owed to whom: all is delivered, at the first try. Pure."""
    found = [] if len(deliveries) == owed else [f"{len(deliveries)} deliveries in place of {owed}"]
    for item in deliveries:
        if item["state"] != "delivered" or item["attempts"]:
            recipient = f"{item['connector']}:{item['target']}"
            found.append(f"a delivery to {recipient} is {item['state']}, after {item['attempts']} failed attempts")
    return found


def mail_faults(outcomes: Sequence[str]) -> list[str]:
    """Return what is wrong with the mails about the job that everybody is told of. Pure."""
    if tuple(outcomes) == IN_EVERY_CHAT.outcomes:
        return []
    return [f"mails should say {', '.join(IN_EVERY_CHAT.outcomes)}, but say {', '.join(outcomes) or 'nothing'}"]
