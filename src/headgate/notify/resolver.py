"""Finding out where people are whom a receiver list only names: what has to ask a directory or a program.

The journal's follower writes such deliveries down with the name; here the names of all of them are looked up together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy import Connection

from headgate.errors import RecipientError, StoreError
from headgate.model.delivery import Reason
from headgate.model.recipient import Recipient
from headgate.notify.connector import Connector
from headgate.notify.lookup.found import Answer, Failed, Found, NotFound
from headgate.store import deliveries, unresolved
from headgate.store.signals import Topic
from headgate.store.store import Store
from headgate.store.unresolved import Unresolved

_log = structlog.get_logger(__name__)


class Directory(Protocol):
    """Knows the targets of names."""

    async def find(self, names: Collection[str]) -> Mapping[str, Answer]:
        """Look names up, all at once."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """How the names of one connector are looked up; ``passes``: a name nobody knows is the target itself."""

    directory: Directory
    passes: bool = True


@dataclass(frozen=True, slots=True)
class ResolverSettings:
    """Times in seconds: ``again`` after a source that was down, ``give_up_after`` from when it was owed."""

    again: float = 15.0
    give_up_after: float = 3 * 86400.0
    batch: int = 1000
    poll: float = 5.0


@dataclass(slots=True)
class _Outcome:
    """What becomes of deliveries (numbers)."""

    found: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    dead: dict[int, tuple[Reason, str]] = field(default_factory=dict)
    later: dict[str, list[int]] = field(default_factory=dict)
    """Why a source could not say -> the deliveries that wait for it."""


class Resolver:
    """Looks up the targets of deliveries."""

    def __init__(
        self,
        store: Store,
        connectors: Mapping[str, Connector],
        lookups: Mapping[str, Lookup],
        settings: ResolverSettings,
    ) -> None:
        """``lookups``: by connector."""
        self._store = store
        self._connectors = connectors
        self._lookups = lookups
        self._settings = settings
        self._bell = store.bell(Topic.WAITING)
        self._stopping = False

    async def run(self) -> None:
        """Work until ``stop``."""
        while not self._stopping:
            try:
                due = await self._store.read(unresolved.next_unresolved)
                wait = self._settings.poll if due is None else due - self._store.clock.now()
                if wait > 0:
                    await self._bell.wait(min(wait, self._settings.poll))
                else:
                    await self.look()
            except StoreError as error:
                _log.error("resolver.store_failed", error=error.message)
                await self._bell.wait(1)

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stopping = True
        self._bell.ring()

    async def look(self) -> int:
        """Look up what is due, once; return how many targets were found. Raises StoreError."""
        due = await self._store.read(lambda c: unresolved.unresolved(c, self._store.clock.now(), self._settings.batch))
        outcome = _Outcome()
        for name in sorted({item.connector for item in due}):
            await self._of_connector(name, [item for item in due if item.connector == name], outcome)
        await self._store.write(lambda c: self._write(c, outcome))
        return len(outcome.found)

    async def _of_connector(self, name: str, items: Sequence[Unresolved], outcome: _Outcome) -> None:
        lookup, connector = self._lookups.get(name), self._connectors.get(name)
        if connector is None:
            why = f"no connector is called {name!r} any more"
            outcome.dead.update({item.id: (Reason.UNKNOWN_CONNECTOR, why) for item in items})
            return
        if lookup is None:  # switched off since: a name is the target itself, as for what is owed now
            for item in items:
                self._found(item, item.name, connector, outcome)
            return
        answers = await lookup.directory.find({item.name for item in items})
        for item in items:
            match answers.get(item.name, NotFound()):
                case Found(target):
                    self._found(item, target, connector, outcome)
                case NotFound() if lookup.passes:
                    self._found(item, item.name, connector, outcome)
                case NotFound():
                    outcome.dead[item.id] = (Reason.TARGET_REFUSED, f"nobody knows where {item.name} is in {name}")
                case Failed(detail):
                    # Also what only an operator can put right: the message waits for them, as for a service.
                    if self._store.clock.now() - item.created_at > self._settings.give_up_after:
                        outcome.dead[item.id] = (Reason.EXPIRED, f"could not be looked up: {detail}")
                    else:
                        outcome.later.setdefault(detail, []).append(item.id)

    def _found(self, item: Unresolved, target: str, connector: Connector, outcome: _Outcome) -> None:
        try:
            checked = connector.check_target(target)
        except RecipientError as error:
            outcome.dead[item.id] = (Reason.TARGET_REFUSED, f"{item.name} was looked up: {error.message}")
            return
        _, _, job = item.lane.rpartition("|")
        lane = f"{Recipient(item.connector, checked)}|{job}"
        outcome.found[item.id] = (checked, lane, item.name)

    def _write(self, connection: Connection, outcome: _Outcome) -> None:
        now = self._store.clock.now()
        unresolved.resolve(connection, outcome.found)
        deliveries.give_up(connection, outcome.dead, now)
        for detail, numbers in outcome.later.items():
            _log.warning("lookup.failed", detail=detail, deliveries=len(numbers))
            unresolved.postpone(connection, numbers, now + self._settings.again, Reason.UNREACHABLE, detail)
