"""Digests: many messages to one recipient told as one, each of them named with its outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from headgate.model.message import DigestLine, Message, Outcome
from headgate.model.text import one_line
from headgate.notify.wording import count

_LINE_LIMIT: Final = 240
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


def build_digest(
    messages: Sequence[Message], *, now: float, period_text: str | None = None, lines: int = 200
) -> list[Message]:
    """Fold messages into as few digests as hold them, at most ``lines`` messages in each, in the order given.

    Every message is named by its title; a digest among them gives its lines. ``now`` is the digests' time, seconds
    since the epoch; ``period_text`` says over which time they came (``the last 5 minutes``). No messages, no digest.
    """
    told = _lines(messages)
    parts = [told[start : start + max(lines, 1)] for start in range(0, len(told), max(lines, 1))]
    return [_digest(part, number, len(parts), now, period_text) for number, part in enumerate(parts, 1)]


def _lines(messages: Sequence[Message]) -> list[DigestLine]:
    clusters = {message.job.cluster for message in messages if message.job and message.job.cluster}
    told: list[DigestLine] = []
    for message in messages:
        if message.digest:
            told.extend(message.digest)
            continue
        where = f" on {message.job.cluster}" if message.job and message.job.cluster and len(clusters) > 1 else ""
        told.append(DigestLine(outcome=message.outcome, text=one_line(f"{message.title}{where}", _LINE_LIMIT)))
    return told


def _digest(told: Sequence[DigestLine], number: int, parts: int, now: float, period_text: str | None) -> Message:
    counts = Counter(line.outcome for line in told)
    outcomes = ", ".join(f"{counts[outcome]} {word}" for outcome, word in _WORDS.items() if counts[outcome])
    part = f" (part {number} of {parts})" if parts > 1 else ""
    period = f" of {one_line(period_text, _LINE_LIMIT)}" if period_text else ""
    return Message(
        title=f"{count(len(told), 'message')} about jobs: {outcomes}{part}",
        outcome=Outcome.NEUTRAL,
        time=now,
        summary=f"The messages{period} are folded into this one, because there were many in a short time.",
        digest=tuple(told),
    )
