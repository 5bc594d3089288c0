"""How long a role had nobody: PostgreSQL is asked all the time who holds the roles' locks."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Final, Self

import psycopg

from faults.site import Site

ROLES: Final = ("watcher", "nodes", "composer", "resolver", "rules", "reservations", "settler")
"""Those that the services here have."""
_EVERY: Final = 0.1
_HELD: Final = """
    SELECT name, host(client_addr) FROM unnest(%s::text[]) AS name
    JOIN pg_locks ON locktype = 'advisory' AND granted AND objsubid = 1
    AND ((classid::bigint << 32) | objid::bigint) = hashtext('headgate ' || name)::bigint
    JOIN pg_stat_activity USING (pid)
"""
_PATIENCE: Final = 120.0


class Failover:
    """A thread that looks; use it in a ``with`` statement. ``url``: of the database, past the network."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._seen: dict[str, float] = {}
        self._gaps: dict[str, float] = {}
        self._holders: dict[str, str] = {}
        self.unreachable = ""
        """The address of a host that is cut off: a lock it still has, nobody works for."""
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="failover")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def begin(self) -> None:
        """Forget what was seen so far."""
        with self._lock:
            self._gaps.clear()

    def longest(self) -> tuple[float, str]:
        """Return for how many seconds a role had nobody, at most, and which one; one that has nobody now counts."""
        now = time.monotonic()
        with self._lock:
            gaps = {name: max(self._gaps.get(name, 0.0), now - seen) for name, seen in self._seen.items()}
        name = max(gaps, key=lambda one: gaps[one], default="")
        return gaps.get(name, 0.0), name

    def holder(self, site: Site) -> str:
        """Return the service that has the most roles."""
        address, _ = Counter(self._holders.values()).most_common(1)[0]
        return next(name for name in site.services if site.host(name).address == address)

    def wait_held(self, *, beside: str = "") -> None:
        """Wait until somebody has every role; ``beside``: somebody else than this address. Raises TimeoutError."""
        deadline = time.monotonic() + _PATIENCE
        begun = time.monotonic()
        while True:
            with self._lock:
                held = all(self._seen.get(name, 0.0) > begun and self._holders[name] != beside for name in ROLES)
            if held:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"some role has nobody: {self.longest()}")
            time.sleep(_EVERY)

    def _run(self) -> None:
        while not self._stop.wait(_EVERY):
            try:
                with psycopg.connect(self._url, autocommit=True) as connection:
                    while not self._stop.wait(_EVERY):
                        self._look(connection)
            except psycopg.OperationalError:
                continue  # the store is away, and with it every role

    def _look(self, connection: psycopg.Connection) -> None:
        held: dict[str, str] = dict(connection.execute(_HELD, (list(ROLES),)).fetchall())
        now = time.monotonic()
        with self._lock:
            for name, address in held.items():
                if self.unreachable != address:
                    self._gaps[name] = max(self._gaps.get(name, 0.0), now - self._seen.get(name, now))
                    self._seen[name] = now
            self._holders.update(held)
