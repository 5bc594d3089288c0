"""Tying chat identities to Unix accounts by codes that are good once, and untying them.

Whoever holds an account gets a code (``issue``) and says it in the chat (``redeem``): that shows that both are theirs.
Only a code's hash is kept. Redeeming is one transaction, in which every try is counted before the code is looked at, so
that tries that come side by side are bounded like those that come one after the other.
"""

from __future__ import annotations

import enum
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, and_, case, delete, or_, select, update

from headgate.model.person import Link
from headgate.store.dialect import insert_new
from headgate.store.tables import guesses, link_codes, links

CODE_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Thirty-two letters that are hard to take for one another: five bits each."""
CODE_LENGTH: Final = 12
"""Letters of a code: 60 bits."""
MAX_LINKS: Final = 20
"""Links of one account to one connector; the oldest gives way to a new one."""
_MISREAD: Final = str.maketrans("ILO", "110")
_SEPARATORS: Final = re.compile(r"[\s-]+")
_EVERYBODY: Final = ""
"""The identity under which the wrong codes of a whole connector are counted."""


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """How many wrong codes are taken within ``window`` seconds: from one identity, and in one connector."""

    identity: int = 5
    connector: int = 200
    window: float = 900.0


class Refusal(enum.Enum):
    """Why a code was not taken."""

    WRONG = enum.auto()
    """There is no such code: never was, used, expired, or for another connector. Which, nobody is told."""
    TOO_MANY = enum.auto()
    """Too many wrong codes; the code was not looked at."""
    LINKED_ELSEWHERE = enum.auto()
    """A good code, but the identity belongs to another account; the code stays good."""


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What became of a code: the link, or why there is none."""

    link: Link | None
    refusal: Refusal | None = None
    owner: str = ""
    """The account the identity belongs to, where that is why; for the audit log also whose code it was."""


def issue(connection: Connection, user: str, connector: str, *, now: float, lifetime: float) -> str:
    """Make a code that links an account to a connector for ``lifetime`` seconds; an older one is void from now on."""
    connection.execute(
        delete(link_codes).where(
            or_(and_(link_codes.c.user == user, link_codes.c.connector == connector), link_codes.c.expires_at <= now)
        )
    )
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    connection.execute(
        link_codes.insert().values(
            code_hash=_hash(code), user=user, connector=connector, created_at=now, expires_at=now + lifetime
        )
    )
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def redeem(connection: Connection, offered: Link, code: str, limits: GuessLimits) -> Redeemed:
    """Use a code up and make the link: ``offered`` with the code's account in place of its ``user``.

    ``offered.linked_at`` is now, in seconds since the epoch.
    """
    now, connector, identity = offered.linked_at, offered.connector, offered.identity
    mine = _count(connection, connector, identity, now, limits.window)
    all_ = _count(connection, connector, _EVERYBODY, now, limits.window, least=mine <= limits.identity)
    if mine > limits.identity or all_ > limits.connector:
        return Redeemed(None, Refusal.TOO_MANY)
    user = _use(connection, connector, code, now)
    if user is None:
        return Redeemed(None, Refusal.WRONG)
    connection.execute(delete(guesses).where(guesses.c.connector == connector, guesses.c.identity == identity))
    _uncount(connection, connector, _EVERYBODY)
    present = link_of(connection, connector, identity)
    if present is not None and present.user != user:
        return Redeemed(None, Refusal.LINKED_ELSEWHERE, owner=present.user)
    _forget_code(connection, code)
    link = Link(connector, identity, user, offered.target, offered.name, now)
    _tie(connection, link)
    return Redeemed(link, owner=user)


def burn(connection: Connection, code: str) -> bool:
    """Void a code that others may have read, whatever it is for; return whether there was one."""
    return bool(_forget_code(connection, code))


def link_of(connection: Connection, connector: str, identity: str) -> Link | None:
    """Return the link of a chat identity."""
    query = select(links).where(links.c.connector == connector, links.c.identity == identity)
    row = connection.execute(query).mappings().first()
    return None if row is None else Link(**row)


def unlink(connection: Connection, user: str, connector: str, identity: str | None = None) -> list[Link]:
    """Untie an account from a connector, or only from one identity there; return the links that there were.

    A code the account has for that connector is void from now on.
    """
    chosen = and_(links.c.user == user, links.c.connector == connector)
    if identity is not None:
        chosen = and_(chosen, links.c.identity == identity)
    gone = [Link(**row) for row in connection.execute(select(links).where(chosen)).mappings()]
    connection.execute(delete(links).where(chosen))
    connection.execute(delete(link_codes).where(link_codes.c.user == user, link_codes.c.connector == connector))
    return gone


def forget(connection: Connection, now: float, window: float) -> int:
    """Delete codes that have expired, and what was counted longer than ``window`` seconds ago. Return how many rows."""
    codes = connection.execute(delete(link_codes).where(link_codes.c.expires_at <= now)).rowcount
    return codes + connection.execute(delete(guesses).where(guesses.c.since < now - window)).rowcount


def _use(connection: Connection, connector: str, code: str, now: float) -> str | None:
    """Return whose code this is, and keep others from using it meanwhile; a code said in the wrong place is void."""
    query = select(link_codes).where(link_codes.c.code_hash == _hash(code)).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    if row["connector"] != connector or row["expires_at"] <= now:
        _forget_code(connection, code)
        return None
    return str(row["user"])


def _forget_code(connection: Connection, code: str) -> int:
    return connection.execute(delete(link_codes).where(link_codes.c.code_hash == _hash(code))).rowcount


def _tie(connection: Connection, link: Link) -> None:
    statement = insert_new(connection, links).values(
        connector=link.connector,
        identity=link.identity,
        user=link.user,
        target=link.target,
        name=link.name,
        linked_at=link.linked_at,
    )
    renewed = {name: statement.excluded[name] for name in ("user", "target", "name", "linked_at")}
    connection.execute(statement.on_conflict_do_update(index_elements=["connector", "identity"], set_=renewed))
    older = (
        select(links.c.identity)
        .where(links.c.user == link.user, links.c.connector == link.connector)
        .order_by(links.c.linked_at.desc(), links.c.identity)
        .offset(MAX_LINKS)
    )
    for identity in list(connection.execute(older.limit(MAX_LINKS)).scalars()):
        connection.execute(delete(links).where(links.c.connector == link.connector, links.c.identity == identity))


def _count(
    connection: Connection, connector: str, identity: str, now: float, window: float, *, least: bool = True
) -> int:
    """Count a try and return how many there were in this window; with ``least`` false only look."""
    columns = guesses.c
    if not least:
        query = select(columns.count).where(
            columns.connector == connector, columns.identity == identity, columns.since > now - window
        )
        return connection.execute(query).scalar() or 0
    new = insert_new(connection, guesses).values(connector=connector, identity=identity, count=1, since=now)
    over = columns.since <= now - window
    counted = new.on_conflict_do_update(
        index_elements=["connector", "identity"],
        set_={
            "count": case((over, 1), else_=columns.count + 1),
            "since": case((over, now), else_=columns.since),
        },
    )
    return int(connection.execute(counted.returning(columns.count)).scalar_one())


def _uncount(connection: Connection, connector: str, identity: str) -> None:
    chosen = and_(guesses.c.connector == connector, guesses.c.identity == identity)
    connection.execute(update(guesses).where(chosen).values(count=guesses.c.count - 1))


def _hash(code: str) -> str:
    """Return what is kept of a code; case, blanks, dashes, and O for 0 or I and L for 1 make no difference."""
    plain = _SEPARATORS.sub("", code).upper().translate(_MISREAD)
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()
