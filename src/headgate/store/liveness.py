"""Noticing that the other end of a connection to PostgreSQL is gone, on both ends, within seconds.

A host that loses its power or its network says nothing. Left to themselves, TCP and PostgreSQL notice after two hours:
so long the row locks, and the role, of a service that is cut off would be nobody's. Each end is told to ask instead.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Final

import psycopg
from sqlalchemy import URL

_IDLE, _BETWEEN, _TRIES = 5, 2, 3
LOST_AFTER: Final = 10
"""Seconds after which, about, an end that cannot be reached counts as gone: what was sent has not been acknowledged, or
nothing came for ``_IDLE`` seconds and then no answer to ``_TRIES`` questions ``_BETWEEN`` seconds apart."""
_CLIENT: Final = {
    "connect_timeout": LOST_AFTER,
    "keepalives_idle": _IDLE,
    "keepalives_interval": _BETWEEN,
    "keepalives_count": _TRIES,
    "tcp_user_timeout": LOST_AFTER * 1000,
}
"""libpq's parameters; over a Unix socket they count for nothing."""
TELL_SERVER: Final = (
    f"SELECT set_config('tcp_keepalives_idle', '{_IDLE}', false),"
    f" set_config('tcp_keepalives_interval', '{_BETWEEN}', false),"
    f" set_config('tcp_keepalives_count', '{_TRIES}', false),"
    f" set_config('tcp_user_timeout', '{LOST_AFTER}s', false)"
)
"""The same for the server's end of a session. A statement, since poolers in between refuse it as an option."""


def options(url: URL) -> dict[str, int]:
    """Return how a connection is to be watched; what the URL says itself stays as it is."""
    return {name: value for name, value in _CLIENT.items() if name not in url.query}


def break_off(connection: psycopg.AsyncConnection) -> None:
    """End a connection from this side, now: whoever waits for an answer of the server gets an OperationalError."""
    with (
        contextlib.suppress(OSError, psycopg.OperationalError),
        socket.socket(fileno=os.dup(connection.fileno())) as end,
    ):
        end.shutdown(socket.SHUT_RDWR)
