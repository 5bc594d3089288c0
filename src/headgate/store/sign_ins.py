"""Sign-ins under way, each good once. The store holds a hash of what is given out, and never that itself."""

from __future__ import annotations

import enum
import json
import secrets
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from headgate.store.sessions import hash_of
from headgate.store.tables import sign_ins

_BYTES: Final = 32


class SignInKind(enum.StrEnum):
    """What is under way."""

    LINK = "link"
    """A link of ``headgate login``."""
    OIDC = "oidc"
    """Somebody is at the provider."""


def issue(connection: Connection, kind: SignInKind, data: Mapping[str, str], *, now: float, lifetime: float) -> str:
    """Begin a sign-in; return the secret that goes on with it. ``data`` is nothing that lets anybody in by itself.

    Those that came to nothing go at this time, so that nobody fills the table by beginning over and over.
    """
    forget(connection, now)
    secret = secrets.token_urlsafe(_BYTES)
    values = {"kind": kind.value, "data": json.dumps(data), "created_at": now, "expires_at": now + lifetime}
    connection.execute(insert(sign_ins).values(hash=hash_of(secret), **values))
    return secret


def look(connection: Connection, kind: SignInKind, secret: str, *, now: float) -> dict[str, str] | None:
    """Return what was kept of a sign-in, which stays good; None if there is none, or it is too late."""
    chosen = (sign_ins.c.hash == hash_of(secret), sign_ins.c.kind == kind.value, sign_ins.c.expires_at > now)
    data = connection.execute(select(sign_ins.c.data).where(*chosen)).scalar()
    return None if data is None else _read(data)


def take(connection: Connection, kind: SignInKind, secret: str, *, now: float) -> dict[str, str] | None:
    """Return what was kept of a sign-in, and have it be good no more; None if there is none, or it is too late."""
    chosen = (sign_ins.c.hash == hash_of(secret), sign_ins.c.kind == kind.value, sign_ins.c.expires_at > now)
    data = connection.execute(delete(sign_ins).where(*chosen).returning(sign_ins.c.data)).scalar()
    return None if data is None else _read(data)


def forget(connection: Connection, now: float) -> int:
    """Remove sign-ins that came to nothing; return how many."""
    return connection.execute(delete(sign_ins).where(sign_ins.c.expires_at <= now)).rowcount


def _read(data: str) -> dict[str, str]:
    return {str(name): str(value) for name, value in json.loads(data).items()}
