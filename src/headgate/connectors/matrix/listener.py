"""The Matrix bot: listens to ``/sync`` and answers who speaks to it.

It is built on the API directly and not on matrix-nio, whose client keeps the state of every room in memory for ever,
retries lost connections by itself where the keeper of the bots has to know of them, and brings a second HTTP client
with rules of its own for proxies and time. What a bot needs of the API is seven calls.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import Counter
from collections.abc import Coroutine

import structlog

from headgate.bots.chat import Converse, Incoming, Memory
from headgate.connectors.matrix.addressed import Addressee
from headgate.connectors.matrix.answers import RefusedError, refused
from headgate.connectors.matrix.company import Company
from headgate.connectors.matrix.homeserver import Homeserver
from headgate.connectors.matrix.identifiers import local_part
from headgate.connectors.matrix.reception import Reception, say
from headgate.connectors.matrix.settings import MatrixSettings
from headgate.connectors.matrix.speech import IN_PRIVATE, NO_ENCRYPTION, content_of_answer, receiver
from headgate.connectors.matrix.sync import News, Said, filter_of_bot, news_in
from headgate.errors import BotError
from headgate.model.delivery import Reason

_log = structlog.get_logger(__name__)
_POLL = 30.0
"""Seconds the homeserver waits for something new."""
_LIMIT = 16 << 20
"""Octets of what is new."""
_OLD = 300.0
"""Seconds after which something said is not answered any more: nobody waits for it, and a ``cancel`` may be stale."""
_PER_PERSON = 3
"""Questions of one person that may wait or be worked on."""
_AT_ALL = 100


class MatrixListener:
    """Listens as the connector's account."""

    def __init__(self, name: str, settings: MatrixSettings, memory: Memory) -> None:
        self._name = name
        self._settings = settings
        self._memory = memory

    async def run(self, converse: Converse) -> None:
        """Answer until cancelled. Raises BotError when the homeserver is lost or refuses us."""
        homeserver = Homeserver(self._settings)
        try:
            await self._serve(homeserver, converse)
        except RefusedError as refusal:
            raise _lost(refusal) from refusal
        except BaseExceptionGroup as group:
            # Tasks end with what they may end with, so this is what ended the listening itself.
            error = group.exceptions[0]
            raise (_lost(error) if isinstance(error, RefusedError) else error) from None
        finally:
            await homeserver.aclose()

    async def _serve(self, homeserver: Homeserver, converse: Converse) -> None:
        ourselves = await homeserver.user()
        profile = await homeserver.ask("GET", "profile", ourselves, "displayname")
        called = profile.content.get("displayname")
        addressee = Addressee(ourselves, called if isinstance(called, str) else "", self._settings.bot.trigger)
        place = await self._memory.recall()
        async with asyncio.TaskGroup() as tasks:
            session = _Session(
                self._name, self._settings, homeserver, addressee=addressee, converse=converse, tasks=tasks
            )
            session.begin()
            while True:
                news = await _sync(homeserver, ourselves, place)
                if news is None:
                    place = None
                    continue
                if news.place != place:
                    # Kept before it is worked on: what is asked is done at most once.
                    await self._memory.keep(news.place)
                session.take(news, said=place is not None)
                place = news.place


class _Session:
    """One connection's work: every answer, invitation and leaving is a task that cannot end the others."""

    def __init__(
        self,
        name: str,
        settings: MatrixSettings,
        homeserver: Homeserver,
        *,
        addressee: Addressee,
        converse: Converse,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._name = name
        self._homeserver = homeserver
        self._addressee = addressee
        self._converse = converse
        self._tasks = tasks
        self._company = Company(homeserver)
        self._reception = Reception(name, settings, homeserver, self._company)
        self._busy: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Lock] = {}
        self._door = asyncio.Semaphore(4)

    def begin(self) -> None:
        """Leave what became empty while nobody listened."""
        self._start(self._reception.leave_empty_rooms())

    def take(self, news: News, *, said: bool) -> None:
        """Work on what is new. ``said``: whether what was said counts, or is history."""
        for invitation in news.invitations:
            self._start(self._reception.welcome(invitation))
        for room in news.encrypted:
            self._start(self._reception.leave(room, NO_ENCRYPTION))
        for room in news.changed - news.encrypted:
            self._company.changed(room)
            self._start(self._reception.leave_if_alone(room))
        for one in news.said if said else ():
            if one.age < _OLD and one.room not in news.encrypted:
                self._hear(one)

    def _hear(self, said: Said) -> None:
        if self._busy[said.sender] >= _PER_PERSON or self._busy.total() >= _AT_ALL:
            _log.warning("matrix.bot_busy", connector=self._name, sender=said.sender)
            return
        self._busy[said.sender] += 1
        self._tasks.create_task(self._answer_in_turn(said), name=f"matrix answer {said.event}")

    async def _answer_in_turn(self, said: Said) -> None:
        """Answer a person's questions one after another."""
        try:
            async with self._turns.setdefault(said.sender, asyncio.Lock()):
                await self._safely(self._answer(said))
        finally:
            self._busy[said.sender] -= 1
            if not self._busy[said.sender]:
                del self._busy[said.sender], self._turns[said.sender]

    async def _answer(self, said: Said) -> None:
        # Among several people most is not meant for us: find that out before asking the homeserver for anything.
        asked = self._addressee.asked(said, private=False)
        private = await self._company.is_private(said.room)
        if asked is None and not private:
            return
        incoming = Incoming(
            identity=said.sender,
            name=local_part(said.sender),
            place=said.room,
            private=private,
            text=self._addressee.asked(said, private=True) or "",
        )
        answer = await self._converse(incoming)
        if answer is None:
            return
        if answer.discreet and not private:
            answer = IN_PRIVATE
        exactly = receiver(self._name, said.room)
        await say(self._homeserver, said.room, content_of_answer(answer, exactly=exactly), said.event)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.create_task(self._at_the_door(work), name="matrix reception")

    async def _at_the_door(self, work: Coroutine[None, None, None]) -> None:
        async with self._door:
            await self._safely(work)

    async def _safely(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except RefusedError as refusal:
            _log.warning("matrix.bot_refused", connector=self._name, why=refusal.message)
        except Exception as error:  # noqa: BLE001 - the edge of a task: one answer that fails must not end the listening
            # Its text may hold what somebody said: only where it happened is told.
            frames = traceback.extract_tb(error.__traceback__)[-1:]
            where = [f"{frame.filename}:{frame.lineno}" for frame in frames]
            _log.error("matrix.bot_failed", connector=self._name, error=type(error).__name__, where=where)


async def _sync(homeserver: Homeserver, ourselves: str, place: str | None) -> News | None:
    """Return what is new since ``place``; None if the homeserver cannot go on from there. Raises RefusedError."""
    about = filter_of_bot(history=place is not None)
    if place is None:
        reply = await homeserver.snapshot(about, _LIMIT)
    else:
        query = {"filter": about, "since": place, "timeout": str(int(_POLL * 1000))}
        reply = await homeserver.ask("GET", "sync", query=query, limit=_LIMIT, longer=_POLL)
    if reply.ok:
        try:
            return news_in(reply.content, ourselves)
        except ValueError:
            pass
    unreadable = reply.status == 200 or (reply.status == 400 and reply.code in _STRANGE_PLACE)  # noqa: PLR2004 - HTTP
    if unreadable and place is not None:
        _log.warning("matrix.bot_place_lost", status=reply.status, code=reply.code)
        return None
    raise RefusedError(refused(reply, homeserver.hide, "sync"))


_STRANGE_PLACE = frozenset({"M_UNKNOWN", "M_INVALID_PARAM", "M_UNKNOWN_POS", "M_BAD_JSON"})


def _lost(refusal: RefusedError) -> BotError:
    return BotError(refusal.message, transient=refusal.outcome.reason is not Reason.NOT_AUTHORISED)
