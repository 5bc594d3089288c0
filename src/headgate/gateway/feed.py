"""News for those who listen: one look at the store serves everybody who waits for events of their app.

Who follows the whole journal looks for themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection, func, select

from headgate.errors import StoreError
from headgate.events.tail import Tail
from headgate.store import app_events as queries
from headgate.store.app_events import AppEvent
from headgate.store.journal import Recorded
from headgate.store.signals import Bell, Topic
from headgate.store.store import Store
from headgate.store.tables import app_events

_log = structlog.get_logger(__name__)
_POLL: Final = 5.0


class Feed:
    """Wakes listeners of an app when there are events of its jobs, and of the journal when there are any."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._news: dict[str, asyncio.Event] = {}
        self._any = asyncio.Event()
        self._seen = 0
        self._stopping = False
        self._bell: Bell | None = None

    async def run(self) -> None:
        """Look for news until ``stop``."""
        self._bell = bell = self._store.bell(Topic.EVENTS)
        while not self._stopping:
            self._any.set()
            self._any = asyncio.Event()
            try:
                for app_id in await self._store.read(self._apps_with_news):
                    if (news := self._news.pop(app_id, None)) is not None:
                        news.set()
            except StoreError as error:
                _log.warning("feed.store_failed", error=error.message)
            await bell.wait(_POLL)

    def stop(self) -> None:
        """Ask ``run`` to end, and wake everybody."""
        self._stopping = True
        for news in (self._any, *self._news.values()):
            news.set()
        if self._bell is not None:
            self._bell.ring()

    async def listen(
        self, app_id: str, after: int | None, *, user: str | None = None, submission_id: str | None = None
    ) -> AsyncIterator[AppEvent | None]:
        """Yield events beyond a number (None: from now on) as they come, and None now and then when none does."""
        number = await self._store.read(lambda c: queries.newest(c, app_id)) if after is None else after
        while not self._stopping:
            news = self._news.setdefault(app_id, asyncio.Event())
            look = partial(queries.after, app_id=app_id, number=number, user=user, submission_id=submission_id)
            found = await self._store.read(look)
            for one in found:
                yield one
                number = one.number
            if len(found) == queries.AT_ONCE:
                continue
            try:
                async with asyncio.timeout(_POLL * 3):
                    await news.wait()
            except TimeoutError:
                yield None

    async def follow(self, after: int | None) -> AsyncIterator[tuple[int, list[Recorded]]]:
        """Yield all events of the journal beyond a number (None: from now on) as they come, with the number reached.

        Now and then, when there are none, it yields an empty list.
        """
        tail = Tail(self._store, after)
        found = await tail.next()
        yield tail.number, found
        while not self._stopping:
            news = self._any
            found = await tail.next()
            if found:
                yield tail.number, found
                continue
            try:
                async with asyncio.timeout(_POLL * 3):
                    await news.wait()
            except TimeoutError:
                yield tail.number, []

    def _apps_with_news(self, connection: Connection) -> list[str]:
        query = select(app_events.c.app_id, func.max(app_events.c.id)).where(app_events.c.id > self._seen)
        found = list(connection.execute(query.group_by(app_events.c.app_id)))
        self._seen = max([self._seen, *(row[1] for row in found)])
        return [row[0] for row in found]
