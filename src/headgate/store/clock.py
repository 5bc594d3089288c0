"""The time that all who share a store go by: leases, and when something is due, are nobody's own opinion.

On PostgreSQL it is the server's clock, read when a connection is opened and now and then afterwards, and carried on by
this host's monotonic clock in between: a host whose wall clock is wrong, or is set while it works, takes nobody's work
and puts nobody's off. On SQLite there is one process, and its clock it is.
"""

from __future__ import annotations

import time
from typing import Final

from sqlalchemy import Connection, text

READ: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"
_INFO: Final = "headgate_clock"


class Clock:
    """The clock of one store. May be asked from any thread."""

    def __init__(self) -> None:
        self._ahead: float | None = None
        """What the server's clock shows more than our monotonic one, once it was read."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        ahead = self._ahead
        return time.time() if ahead is None else time.monotonic() + ahead

    def told(self, seconds: float) -> None:
        """Set it: this is what the server's clock shows now."""
        self._ahead = seconds - time.monotonic()

    def read(self, connection: Connection) -> None:
        """Set it by the server's clock; does nothing on SQLite."""
        if connection.dialect.name == "postgresql":
            self.told(float(connection.execute(text(READ)).scalar_one()))


def give(info: dict[str, object], clock: Clock) -> None:
    """Let a new connection know the clock of its store; ``info``: what is kept with the connection."""
    info[_INFO] = clock


def now(connection: Connection) -> float:
    """Return the time of the store that a connection belongs to."""
    clock = connection.info.get(_INFO)
    return clock.now() if isinstance(clock, Clock) else time.time()
