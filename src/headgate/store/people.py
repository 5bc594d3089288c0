"""What people have told us about themselves: preferences and subscriptions, and where they are linked to.

Links are made and ended in ``links.py``.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TypeVar

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, delete, insert, select

from headgate.model.person import Link, Preferences, Subscription, SubscriptionFilter
from headgate.store import deliveries
from headgate.store.dialect import insert_new, one_of
from headgate.store.tables import links, preferences, subscriptions

V = TypeVar("V", bound=BaseModel)
_log = structlog.get_logger(__name__)


def preferences_of(connection: Connection, users: Collection[str]) -> dict[str, Preferences]:
    """Return the preferences of those of these users who have any."""
    query = select(preferences).where(one_of(connection, preferences.c.user, list(users)))
    found = {user: _read(Preferences, user, data) for user, data in connection.execute(query)} if users else {}
    return {user: own for user, own in found.items() if own is not None}


def prefer(connection: Connection, user: str, preferred: Preferences) -> None:
    """Set the preferences of a user, and let go what the ones before hold for longer.

    Quiet hours go by the site's clock, which is not known here: where there are any, what is held stays so.
    """
    if preferred == Preferences():
        connection.execute(delete(preferences).where(preferences.c.user == user))
    else:
        new = insert_new(connection, preferences).values(user=user, data=preferred.model_dump_json())
        connection.execute(new.on_conflict_do_update(index_elements=["user"], set_={"data": new.excluded.data}))
    if preferred.quiet is None:
        now = time.time()
        deliveries.let_go(connection, user, preferred.held_until(now, None) or now)


def subscriptions_of(connection: Connection, users: Collection[str]) -> list[Subscription]:
    """Return the subscriptions of these users, oldest first."""
    if not users:
        return []
    columns = subscriptions.c
    query = select(columns.id, columns.user, columns.connector, columns.data)
    rows = connection.execute(query.where(one_of(connection, columns.user, list(users))).order_by(columns.id))
    found = [(number, user, connector, _read(SubscriptionFilter, user, data)) for number, user, connector, data in rows]
    return [Subscription(number, user, connector, own) for number, user, connector, own in found if own is not None]


def subscribe(connection: Connection, user: str, connector: str, wanted: SubscriptionFilter) -> int:
    """Write a subscription down; return its number. One that is there already is not doubled."""
    data = wanted.model_dump_json()
    columns = subscriptions.c
    query = select(columns.id).where(columns.user == user, columns.connector == connector, columns.data == data)
    found = connection.execute(query).scalar()
    if found is not None:
        return int(found)
    statement = insert(subscriptions).values(user=user, connector=connector, data=data, created_at=time.time())
    return int(connection.execute(statement.returning(columns.id)).scalar_one())


def unsubscribe(connection: Connection, user: str, number: int) -> bool:
    """End a subscription; return whether the user had it."""
    columns = subscriptions.c
    statement = delete(subscriptions).where(columns.id == number, columns.user == user)
    return bool(connection.execute(statement.returning(columns.id)).all())


def _read(kind: type[V], user: str, data: str) -> V | None:
    """Read what somebody wishes; None if it is of another Headgate, so that it is in nobody else's way."""
    try:
        return kind.model_validate_json(data)
    except ValidationError:
        _log.warning("people.wish_not_read", user=user, kind=kind.__name__)
        return None


def links_of(connection: Connection, users: Collection[str]) -> list[Link]:
    """Return the links of these users, the newest first."""
    if not users:
        return []
    query = select(links).where(one_of(connection, links.c.user, list(users)))
    rows = connection.execute(query.order_by(links.c.linked_at.desc())).mappings()
    return [Link(**row) for row in rows]


def links_to(connection: Connection, targets: Collection[str]) -> dict[tuple[str, str], str]:
    """Return (connector, target) -> user of those of these targets that are linked to somebody, in any connector."""
    if not targets:
        return {}
    query = select(links.c.connector, links.c.target, links.c.user)
    rows = connection.execute(query.where(one_of(connection, links.c.target, list(targets))))
    return {(row[0], row[1]): row[2] for row in rows}
