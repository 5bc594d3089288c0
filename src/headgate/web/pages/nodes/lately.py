"""What Slurm said a moment ago: many who look at the same node, again and again, are one question."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast
from weakref import WeakKeyDictionary

T = TypeVar("T")
_KEPT: Final = 5.0
"""Seconds for which an answer, or that there was none, is shown again."""
_MOST: Final = 500


@dataclass(slots=True)
class _Answers:
    by_question: dict[tuple[str, ...], tuple[float, asyncio.Future[Any]]] = field(default_factory=dict)


_ANSWERS: Final[WeakKeyDictionary[object, _Answers]] = WeakKeyDictionary()


async def lately(of: object, question: tuple[str, ...], ask: Callable[[], Awaitable[T]]) -> T:
    """Return the answer to a question that was asked less than a few seconds ago, or ask. Raises what it ended in.

    ``of``: whose question it is, which is forgotten with it. Whoever stops waiting does not stop the question.
    """
    answers = _ANSWERS.setdefault(of, _Answers()).by_question
    now = time.monotonic()
    known = answers.get(question)
    if known is None or now - known[0] > _KEPT:
        for key in [key for key, (at, _) in answers.items() if now - at > _KEPT] if len(answers) >= _MOST else ():
            del answers[key]
        future = asyncio.ensure_future(ask())
        future.add_done_callback(_looked_at)
        known = answers[question] = (now, future)
    return cast("T", await asyncio.shield(known[1]))


def _looked_at(future: asyncio.Future[Any]) -> None:
    """Take note of a failure, also where nobody waits any more."""
    if not future.cancelled():
        future.exception()
