"""Writing pieces of work together: what has come while the disk was busy is kept by one commit.

With SQLite the disk is waited for once a commit, and one thread writes; so eight clients would wait for eight commits,
one after the other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
_MOST: Final = 64
"""Pieces of work that are kept by one commit, at most."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of work that waits. ``found_again``: a power failure may undo it."""

    work: Callable[[Connection], Any]
    found_again: bool
    result: Future[Any] = field(default_factory=Future)


class Batches:
    """Hands work to a thread, all that waits at a time in one transaction.

    ``together`` keeps all of these, in this order, or raises and keeps nothing. Then each is tried by itself, so that
    one that fails takes no other with it; work has to bear that it is done again, as it has to on PostgreSQL.
    """

    def __init__(self, thread: Executor, together: Callable[[list[Piece]], list[Any]]) -> None:
        self._thread = thread
        self._together = together
        self._lock = threading.Lock()
        self._waiting: deque[Piece] = deque()
        self._running = False

    def add(self, work: Callable[[Connection], T], *, found_again: bool = False) -> Future[T]:
        """Have a piece of work done; what it returns is there once it is kept."""
        piece = Piece(work, found_again)
        with self._lock:
            self._waiting.append(piece)
            start, self._running = not self._running, True
        if start:
            self._thread.submit(self._run)
        return piece.result

    def _run(self) -> None:
        while pieces := self._next():
            wanted = [piece for piece in pieces if piece.result.set_running_or_notify_cancel()]
            if wanted and not self._done(wanted):
                for piece in wanted:
                    self._done([piece])

    def _done(self, pieces: list[Piece]) -> bool:
        """Do pieces of work, and tell their results; return False if one of several failed, and nothing is told yet."""
        try:
            results = self._together(pieces)
        except BaseException as error:  # noqa: BLE001 - as executors do: it is raised where the result is waited for
            if len(pieces) > 1:
                return False
            pieces[0].result.set_exception(error)
        else:
            for piece, result in zip(pieces, results, strict=True):
                piece.result.set_result(result)
        return True

    def _next(self) -> list[Piece]:
        with self._lock:
            pieces = [self._waiting.popleft() for _ in range(min(_MOST, len(self._waiting)))]
            self._running = bool(pieces)
            return pieces
