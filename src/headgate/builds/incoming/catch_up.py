"""Looking, at start and every few minutes, for what webhooks did not tell.

Three ways, each of which finds what the others cannot: GitHub's own list of the webhooks it sent, with what they held;
the comments that were written since; the pull requests that changed since. All make the same keys as a webhook would,
so what was told already is told by nobody twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Protocol, runtime_checkable

import structlog
from sqlalchemy import Connection

from headgate.builds.forge.interface import Changed, ForgeError, GoneError, Sent
from headgate.builds.incoming import facts
from headgate.builds.incoming.facts import Where
from headgate.builds.incoming.github import WANTED, Delivery, UnreadableError
from headgate.builds.incoming.intake import Intake
from headgate.errors import StoreError
from headgate.events.sources.standings import Standing
from headgate.model.event import Event, EventKind, Source
from headgate.model.pull_request import Comment, PullRequestState, Repository
from headgate.store import cursors, journal, memories
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
LONGEST: Final = 3 * 24 * 3600.0
"""Seconds; what is older is not done any more. GitHub keeps its list of webhooks for as long."""
_OVERLAP: Final = 900.0
"""Seconds that are looked at again at start, should clocks differ or a forge show something late."""
_LITTLE: Final = 120.0
"""The same, of every later look."""
_SAME: Final = 300.0
"""Seconds by which a forge's webhook and its API may differ about when a pull request was closed."""
_APART: Final = 10.0
"""Seconds between two looks at least, whoever asks for one."""
_TAKEN: Final = 202
"""How Headgate, and hardly anybody else, answers a webhook."""


class Watched(Protocol):
    """What is asked of a forge."""

    name: str

    def news(self, since: float) -> AsyncIterator[tuple[Repository, int, Comment]]:
        """Yield the comments that were written since then. Raises ForgeError."""
        ...

    def changed(self, since: float) -> AsyncIterator[Changed]:
        """Yield the pull requests that changed since then. Raises ForgeError."""
        ...


@runtime_checkable
class Sender(Protocol):
    """A forge that keeps the webhooks it sent."""

    def sent(self, since: float) -> AsyncIterator[Sent]:
        """Yield the webhooks that were sent since then. Raises ForgeError."""
        ...

    async def delivery(self, sent: Sent) -> Delivery:
        """Return what one of them told. Raises ForgeError, UnreadableError."""
        ...


class CatchUp:
    """Catches up with one forge."""

    def __init__(
        self,
        store: Store,
        intake: Intake,
        forge: Watched,
        standing: Standing,
        *,
        interval: float,
        sender: Sender | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``interval``: seconds between two looks. ``sender``: the forge, if it keeps the webhooks it sent."""
        self._store = store
        self._intake = intake
        self._forge = forge
        self._standing = standing
        self._interval = interval
        self._sender = sender
        self._clock = clock
        self._begun = 0.0
        self._looked: set[str] = set()
        self._wanted = asyncio.Event()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()
        self._wanted.set()

    def wake(self) -> None:
        """Have it look soon."""
        self._wanted.set()

    async def run(self) -> None:
        """Look until ``stop``."""
        self._intake.missed[self._forge.name] = self.wake
        while not self._stop.is_set():
            self._wanted.clear()
            wait = await self.look()
            await self._rest(self._stop, min(_APART, wait))
            await self._rest(self._wanted, wait)

    async def look(self) -> float:
        """Look once in all ways; return in how many seconds to look again. What is wrong is in the standing."""
        problems: list[str] = []
        wait = self._interval
        for way in (self._webhooks, self._comments, self._pull_requests):
            try:
                await self._from_cursor(way)
            except GoneError as error:
                _log.debug("catch_up.gone", forge=self._forge.name, way=way.__name__, error=error.message)
            except ForgeError as error:
                problems.append(error.message)
                wait = max(wait, error.retry_after or 0.0)
            except StoreError as error:
                problems.append(error.message)
        problem = "; ".join(dict.fromkeys(problems))
        if problem and problem != self._standing.problem:
            _log.warning("catch_up.failed", forge=self._forge.name, error=problem)
        if problem:
            self._standing.failed(problem)
        else:
            self._standing.saw(self._clock())
        return wait

    async def _from_cursor(self, way: Callable[[float], Awaitable[None]]) -> None:
        """Look in one way from where it was looked at last, and remember that."""
        now = self._clock()
        name = f"forge {self._forge.name}"
        cursor = f"{name} {way.__name__.strip('_')}"

        def known(connection: Connection) -> tuple[float, float]:
            cursors.set_once(connection, f"{name} begun", now)
            cursors.set_once(connection, cursor, now)
            return cursors.read(connection, f"{name} begun") or now, cursors.read(connection, cursor) or now

        begun, seen = await self._store.write(known)
        self._begun = max(begun, now - LONGEST)
        overlap = _LITTLE if cursor in self._looked else _OVERLAP
        await way(max(seen - overlap, now - LONGEST))
        self._looked.add(cursor)
        await self._store.write(lambda connection: cursors.advance(connection, cursor, now))

    async def _webhooks(self, since: float) -> None:
        if self._sender is None:
            return
        missed: list[Sent] = []
        async for sent in self._sender.sent(since):
            wanted = (sent.event, sent.action) in WANTED and sent.delivered_at >= int(self._begun)
            if wanted and sent.status != _TAKEN and not self._intake.knows(self._forge.name, sent.guid):
                missed.append(sent)
        for sent in reversed(missed):
            try:
                await self._intake.found(self._forge.name, await self._sender.delivery(sent))
            except (GoneError, UnreadableError) as error:
                _log.warning("catch_up.delivery_lost", forge=self._forge.name, id=sent.guid, error=error.message)

    async def _comments(self, since: float) -> None:
        found: list[Event] = []
        async for repository, number, comment in self._forge.news(since):
            # Whoever may write to the repository may change a comment of somebody else's. Only the webhook has it as
            # its author wrote it, so one that was changed before we saw it is not obeyed.
            if comment.created_at < int(self._begun) or comment.updated_at - comment.created_at >= 1:
                continue
            where = Where(Source.FORGE, repository, number, PullRequestState.OPEN, sender=comment.author)
            fact = facts.commented(where, comment)
            found += [] if fact is None else [fact]
        await self._intake.keep(found)

    async def _pull_requests(self, since: float) -> None:
        async for change in self._forge.changed(since):
            if change.updated_at >= int(self._begun):
                await self._store.write(functools.partial(self._keep, change, since))

    def _keep(self, change: Changed, since: float, connection: Connection) -> None:
        """Write what happened to a pull request that the journal does not have, and remember its head."""
        pull = change.pull_request
        where = Where(Source.FORGE, pull.repository, pull.number, pull.state, head=pull.head_commit)
        memory = f"head of {where.subject}"
        remembered = memories.recall(connection, memory)
        memories.keep(connection, memory, pull.head_commit)
        before = journal.about(connection, where.subject)
        heads = {remembered, *(event.data.get("head") for event in before)} - {None, ""}
        earliest = max(since, int(self._begun))
        found: list[Event] = []
        if change.created_at >= earliest:
            found.append(facts.opened(where, change.created_at))
        elif heads and pull.head_commit not in heads:
            found.append(facts.updated(where, change.updated_at))
        closed = change.closed_at
        if closed is not None and closed >= earliest and not any(_closed_near(event, closed) for event in before):
            found.append(facts.closed(where, closed))
        self._intake.append(connection, found)

    async def _rest(self, event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()


def _closed_near(event: Event, at: float) -> bool:
    return event.kind is EventKind.PULL_REQUEST_CLOSED and abs(event.time - at) < _SAME
