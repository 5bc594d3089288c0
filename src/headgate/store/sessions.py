"""Who is signed in to the pages. The store holds a hash of what the cookie holds, and never that itself."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from headgate.store.tables import sessions

_BYTES: Final = 32
_MOST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in. Times are seconds since the epoch."""

    hash: str
    user: str
    groups: tuple[str, ...]
    """What the OpenID Connect provider named."""
    way: str
    """How they signed in: ``link``, ``oidc``, ``proxy``."""
    address: str
    csrf: str
    """What every form has to bring along."""
    said: str
    """What the next page tells them."""
    created_at: float
    used_at: float
    expires_at: float


def hash_of(secret: str) -> str:
    """Return what the store keeps of a secret."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def begin(
    connection: Connection,
    user: str,
    *,
    way: str,
    now: float,
    lifetime: float,
    groups: tuple[str, ...] = (),
    address: str = "",
) -> str:
    """Begin a session; return what goes into the cookie."""
    secret = secrets.token_urlsafe(_BYTES)
    connection.execute(
        insert(sessions).values(
            hash=hash_of(secret),
            user=user,
            groups=json.dumps(groups),
            way=way,
            address=address,
            csrf=secrets.token_urlsafe(_BYTES),
            created_at=now,
            used_at=now,
            expires_at=now + lifetime,
        )
    )
    return secret


def find(connection: Connection, secret: str, *, now: float, idle: float) -> Session | None:
    """Return the session of a cookie, if it is good: not expired, and used within the last ``idle`` seconds."""
    chosen = (sessions.c.hash == hash_of(secret), sessions.c.expires_at > now, sessions.c.used_at > now - idle)
    row = connection.execute(select(sessions).where(*chosen)).first()
    if row is None:
        return None
    return _session(row)


def use(connection: Connection, hash_: str, now: float) -> None:
    """Note that a session is used."""
    connection.execute(update(sessions).where(sessions.c.hash == hash_).values(used_at=now))


def say(connection: Connection, hash_: str, words: str) -> None:
    """Leave what the next page of a session tells; empty takes it back."""
    connection.execute(update(sessions).where(sessions.c.hash == hash_).values(said=words))


def end(connection: Connection, hash_: str) -> bool:
    """End a session; say whether there was one."""
    return bool(connection.execute(delete(sessions).where(sessions.c.hash == hash_)).rowcount)


def forget(connection: Connection, *, now: float, idle: float) -> int:
    """Remove sessions that are not good any more; return how many."""
    old = (sessions.c.expires_at <= now) | (sessions.c.used_at <= now - idle)
    return connection.execute(delete(sessions).where(old)).rowcount


def of_user(connection: Connection, user: str, *, now: float, idle: float) -> list[Session]:
    """Return somebody's sessions that are good, the one used last first."""
    chosen = (sessions.c.user == user, sessions.c.expires_at > now, sessions.c.used_at > now - idle)
    rows = connection.execute(select(sessions).where(*chosen).order_by(sessions.c.used_at.desc()).limit(_MOST_SHOWN))
    return [_session(row) for row in rows]


def end_of(connection: Connection, user: str, hash_: str) -> bool:
    """End a session if it is this user's; say whether it was."""
    chosen = (sessions.c.hash == hash_, sessions.c.user == user)
    return bool(connection.execute(delete(sessions).where(*chosen)).rowcount)


def end_others(connection: Connection, user: str, but: str) -> int:
    """End all of somebody's sessions but one; return how many there were."""
    chosen = (sessions.c.user == user, sessions.c.hash != but)
    return connection.execute(delete(sessions).where(*chosen)).rowcount


def _session(row: Row[Any]) -> Session:
    return Session(
        row.hash,
        row.user,
        tuple(json.loads(row.groups)),
        row.way,
        row.address,
        row.csrf,
        row.said,
        row.created_at,
        row.used_at,
        row.expires_at,
    )
