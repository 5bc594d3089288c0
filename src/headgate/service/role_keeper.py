"""One connection to PostgreSQL that holds all roles of a service: advisory locks belong to its session.

Every two seconds one query asks for all roles that are wanted and not held; whether it is answered also says whether
those that are held still are. Why it is done so is told in ``docs/why/roles.md``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from typing import Final

import psycopg
import structlog

from headgate.store.liveness import break_off
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
_EVERY = 2.0
"""Seconds between two questions."""
_ANSWER = 3.0
"""Seconds the store has to answer one."""
ENDING: Final = 3.0
"""Seconds in which a part ends whose role is lost. A question may be as late as the answer to the one before: what a
service that is cut off had roles for has ended ``2 * _ANSWER + ENDING`` seconds after the last question that PostgreSQL
got, before that takes the connection for dead (``store/liveness.py``) and gives the roles to another service."""
_SLACK = 0.5
_TAKE: Final = "SELECT name FROM unnest(%s::text[]) AS name WHERE pg_try_advisory_lock(hashtext('headgate ' || name))"
_GIVE_BACK: Final = (
    "SELECT name FROM unnest(%s::text[]) AS name WHERE pg_advisory_unlock(hashtext('headgate ' || name))"
)


class Claim:
    """A role that this service wants. ``held`` is done once it has it, ``lost`` once it must not act on it any more."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.held: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()

    def fail(self, error: BaseException) -> None:
        """Tell whoever waits that the role cannot be had, and why."""
        waited_for = self.lost if self.held.done() else self.held
        if not waited_for.done():
            waited_for.set_exception(error)


class RoleKeeper:
    """Gets and holds the roles of one service while somebody claims any. On SQLite, every role is its own at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._claims: dict[str, Claim] = {}
        self._given_back: list[str] = []
        """Roles that nobody here acts on any more, and whose locks are still to be given back."""
        self._news = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._told = ""

    @contextlib.contextmanager
    def claim(self, name: str) -> Iterator[Claim]:
        """Want a role while the block runs; when it is left, nobody acts on the role any more."""
        if name in self._claims:
            raise ValueError(f"this service claims the role {name} already")
        claim = self._claims[name] = Claim()
        if self._store.sqlite:
            claim.held.set_result(None)
        elif self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep(), name="roles")
            self._keeping.add_done_callback(self._ended)
        self._news.set()
        try:
            yield claim
        finally:
            del self._claims[name]
            if claim.held.done() and not claim.lost.done():
                self._given_back.append(name)
            self._news.set()

    async def aclose(self) -> None:
        """Close the connection. Nobody claims anything any more."""
        if self._keeping is not None:
            await asyncio.wait({self._keeping}, timeout=_ANSWER)
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    def _ended(self, keeping: asyncio.Task[None]) -> None:
        error = None if keeping.cancelled() else keeping.exception()
        if error is not None:
            for claim in self._claims.values():
                claim.fail(error)

    async def _keep(self) -> None:
        while self._claims:
            try:
                await self._keep_by(await self._store.connect())
            except psycopg.OperationalError as error:
                line = str(error).split("\n", 1)[0]
                if line != self._told:
                    _log.warning("role.store_lost", error=line)
                self._told = line
                await asyncio.sleep(_EVERY)

    async def _keep_by(self, connection: psycopg.AsyncConnection) -> None:
        """Get and hold roles by a connection while any are claimed. Raises OperationalError when it is lost."""
        loop = asyncio.get_running_loop()
        self._given_back.clear()  # locks of a session that has ended
        try:
            while self._claims:
                self._news.clear()
                following = loop.time() + _EVERY
                await self._turn(connection)
                await self._news_until(following)
        finally:
            await self._lose()
            await connection.close()

    async def _turn(self, connection: psycopg.AsyncConnection) -> None:
        """Give back what is to be given back, and ask for what is wanted."""
        given_back, self._given_back = self._given_back, []
        wanted = [name for name, claim in self._claims.items() if not claim.held.done()]
        if given_back:
            await self._ask(connection, _GIVE_BACK, given_back)
        for name in await self._ask(connection, _TAKE, wanted):
            claim = self._claims.get(name)
            if claim is None:
                self._given_back.append(name)  # it is not wanted any more
                self._news.set()
            else:
                claim.held.set_result(None)
                _log.info("role.taken", role=name)
        self._told = ""

    async def _ask(self, connection: psycopg.AsyncConnection, statement: str, names: Sequence[str]) -> list[str]:
        """Return the roles for which the answer is yes. Raises OperationalError, also when there is no answer."""
        asking = asyncio.create_task(_answer(connection, statement, names), name="roles question")
        try:
            await asyncio.wait({asking}, timeout=_ANSWER)
            if asking.done():
                return asking.result()
            raise psycopg.OperationalError(f"no answer within {_ANSWER:g} s")
        finally:
            if not asking.done():
                await self._lose()  # while PostgreSQL, should it be there, has no reason to give the locks away
                break_off(connection)
                await asyncio.gather(asking, return_exceptions=True)

    async def _lose(self) -> None:
        """Tell everybody who has a role that it is lost, and wait until they have ended what they do."""
        held = {name: claim for name, claim in self._claims.items() if claim.held.done()}
        for claim in held.values():
            if not claim.lost.done():
                claim.lost.set_result(None)
        deadline = asyncio.get_running_loop().time() + ENDING + _SLACK
        while any(self._claims.get(name) is claim for name, claim in held.items()):
            self._news.clear()
            if not await self._news_until(deadline):
                return

    async def _news_until(self, moment: float) -> bool:
        """Wait for news until a moment of the loop's clock; return whether there are any."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(moment):
                return await self._news.wait()
        return False


async def _answer(connection: psycopg.AsyncConnection, statement: str, names: Sequence[str]) -> list[str]:
    asked = await connection.execute(statement.encode(), (list(names),))
    return [name for (name,) in await asked.fetchall()]
