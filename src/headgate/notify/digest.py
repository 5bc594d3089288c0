"""Digests: many messages to one recipient told as one, each of them named with its outcome.

Tasks of one array that fared alike share a line (``task 17_[1-99,101]``), so that a large array is told in a few. Every
task that did not go well is named; of very many scattered ones that did, the first, the last and how many.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from headgate.model.message import DigestLine, Message, Outcome
from headgate.model.text import one_line
from headgate.notify.wording import count

_LINE_LIMIT: Final = 240
_TITLE_LIMIT: Final = 160
"""Characters of the title of a task."""
_RANGES_LEAST: Final = 40
"""Characters of task numbers that a line has room for at least; more make several lines."""
_COUNT: Final = 24
"""Characters that saying the number of tasks takes."""
_AROUND: Final = 4
"""Characters a connector puts around a line: a sign, a blank, the line's end."""
_TASK: Final = re.compile(r"(?P<array>[0-9]{1,18})_(?P<task>[0-9]{1,18})")
_WELL: Final = frozenset({Outcome.SUCCEEDED, Outcome.STARTED})
_WORDS: Final = {
    Outcome.FAILED: "failed",
    Outcome.OUT_OF_MEMORY: "out of memory",
    Outcome.TIMED_OUT: "timed out",
    Outcome.MIXED: "with failed tasks",
    Outcome.CANCELLED: "cancelled",
    Outcome.WARNING: "with a warning",
    Outcome.REQUEUED: "requeued",
    Outcome.SUCCEEDED: "completed",
    Outcome.STARTED: "started",
    Outcome.NEUTRAL: "other",
}
"""In the order in which they are told: what needs attention first."""


def fold(messages: Sequence[Message], *, now: float, room: int, lines: int) -> tuple[Message, int]:
    """Fold as many messages, from the first on, as one digest holds; return it and their number, at least one.

    ``room``: characters the recipient's service shows of a digest's lines. ``lines``: how many of them it shows.
    """
    fitting = len(messages)
    if not _fits(_lines(messages), room, lines):
        fitting, too_many = 1, len(messages)
        while too_many - fitting > 1:
            middle = (fitting + too_many) // 2
            if _fits(_lines(messages[:middle]), room, lines):
                fitting = middle
            else:
                too_many = middle
    return build_digest(messages[:fitting], now=now), fitting


def build_digest(messages: Sequence[Message], *, now: float) -> Message:
    """Fold messages into one digest, what needs attention first.

    A digest among the messages gives its lines. ``now`` is the digest's time, seconds since the epoch.
    """
    counts: Counter[Outcome] = Counter()
    for message in messages:
        counts.update(line.outcome for line in message.digest) if message.digest else counts.update([message.outcome])
    outcomes = ", ".join(f"{counts[outcome]} {word}" for outcome, word in _WORDS.items() if counts[outcome])
    return Message(
        title=f"{count(counts.total(), 'message')} about jobs: {outcomes}",
        outcome=Outcome.NEUTRAL,
        time=now,
        summary="They came close together, or were held back for you, and are told in one.",
        digest=tuple(_lines(messages)),
    )


def _fits(told: Sequence[DigestLine], room: int, lines: int) -> bool:
    return len(told) <= lines and sum(len(line.text) + _AROUND for line in told) <= room


@dataclass(slots=True)
class _Alike:
    """Tasks of one array that fared alike: the numbers, and the title around ``123_4``."""

    outcome: Outcome
    array: str
    before: str
    after: str
    tasks: set[int] = field(default_factory=set)

    def lines(self) -> Iterator[DigestLine]:
        """Name every task, in as many lines as that takes; of those that went well, no more than one line holds."""
        around = len(self.before) + len(self.array) + len(self.after) + _COUNT
        ranges = list(_ranges(sorted(self.tasks), max(_RANGES_LEAST, _LINE_LIMIT - around)))
        if len(ranges) > 1 and self.outcome in _WELL:
            first, last = min(self.tasks), max(self.tasks)
            span = f"{self.before}{self.array}_{first} to {self.array}_{last}{self.after}"
            yield DigestLine(outcome=self.outcome, text=f"{span} ({len(self.tasks)} of these tasks)")
            return
        for numbers, text in ranges:
            if numbers == 1:
                yield DigestLine(outcome=self.outcome, text=f"{self.before}{self.array}_{text}{self.after}")
            else:
                told = f"{self.before}{self.array}_[{text}]{self.after} ({numbers} tasks)"
                yield DigestLine(outcome=self.outcome, text=told)


def _lines(messages: Sequence[Message]) -> list[DigestLine]:
    clusters = {message.job.cluster for message in messages if message.job and message.job.cluster}
    told: list[DigestLine | _Alike] = []
    alike: dict[tuple[Outcome, str, str], _Alike] = {}
    for message in messages:
        if message.digest:
            told.extend(message.digest)
            continue
        where = f" on {message.job.cluster}" if message.job and message.job.cluster and len(clusters) > 1 else ""
        place = _TASK.fullmatch(message.job.job_id) if message.job else None
        text = one_line(f"{message.title}{where}", _TITLE_LIMIT if place else _LINE_LIMIT)
        before, label, after = text.partition(place[0]) if place else (text, "", "")
        if place is None or not label:
            told.append(DigestLine(outcome=message.outcome, text=text))
            continue
        key = (message.outcome, before + place["array"], after)
        if key not in alike:
            alike[key] = _Alike(message.outcome, place["array"], before, after)
            told.append(alike[key])
        alike[key].tasks.add(int(place["task"]))
    order = list(_WORDS)
    return sorted(_spread(told), key=lambda line: order.index(line.outcome))


def _spread(told: Iterable[DigestLine | _Alike]) -> Iterator[DigestLine]:
    for item in told:
        if isinstance(item, DigestLine):
            yield item
        else:
            yield from item.lines()


def _ranges(numbers: Sequence[int], room: int) -> Iterator[tuple[int, str]]:
    """Write sorted numbers as ranges (``1-5,7``), with how many they are, in texts of at most so many characters."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    text, held = "", 0
    for first, last in spans:
        word = str(first) if first == last else f"{first}-{last}"
        if text and len(text) + 1 + len(word) > room:
            yield held, text
            text, held = "", 0
        text = f"{text},{word}" if text else word
        held += last - first + 1
    if text:
        yield held, text
