"""Webhooks of apps: the queries."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import Connection, Row, delete, func, select

from headgate.model.submission import Hook
from headgate.store.tables import hooks


def add(connection: Connection, hook: Hook) -> None:
    """Write a new webhook."""
    connection.execute(
        hooks.insert().values(
            id=hook.id,
            app_id=hook.app_id,
            user=hook.user,
            url=hook.url,
            secret=hook.secret,
            kinds=json.dumps(hook.kinds),
            created_at=hook.created_at,
        )
    )


def get(connection: Connection, hook_id: str) -> Hook | None:
    """Return a webhook."""
    row = connection.execute(select(hooks).where(hooks.c.id == hook_id)).first()
    return None if row is None else _hook(row)


def of_apps(connection: Connection, app_ids: Collection[str]) -> dict[str, list[Hook]]:
    """Return app -> its webhooks, oldest first."""
    found: dict[str, list[Hook]] = {}
    query = select(hooks).where(hooks.c.app_id.in_(sorted(app_ids))).order_by(hooks.c.created_at, hooks.c.id)
    for row in connection.execute(query):
        hook = _hook(row)
        found.setdefault(hook.app_id, []).append(hook)
    return found


def count(connection: Connection, app_id: str) -> int:
    """Return how many webhooks an app has."""
    return int(connection.execute(select(func.count()).where(hooks.c.app_id == app_id)).scalar_one())


def remove(connection: Connection, app_id: str, hook_id: str, user: str | None = None) -> bool:
    """Forget a webhook of an app (and of a user, if one is given); return whether there was one."""
    chosen = delete(hooks).where(hooks.c.id == hook_id, hooks.c.app_id == app_id)
    if user is not None:
        chosen = chosen.where(hooks.c.user == user)
    return bool(connection.execute(chosen).rowcount)


def _hook(row: Row[tuple[object, ...]]) -> Hook:
    value = row._mapping  # noqa: SLF001 - SQLAlchemy's documented accessor
    names = ("id", "app_id", "user", "url", "secret", "created_at")
    return Hook(**{name: value[name] for name in names}, kinds=tuple(json.loads(value["kinds"])))
