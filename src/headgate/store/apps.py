"""Apps and their tokens: the queries."""

from __future__ import annotations

from sqlalchemy import Connection, Row, delete, select, update

from headgate.model.app import App, AppRules, AppToken
from headgate.store.dialect import insert_new
from headgate.store.tables import app_tokens, apps


def add(connection: Connection, app: App) -> bool:
    """Write a new app; return False if the name or the id is taken."""
    statement = insert_new(connection, apps).values(
        id=app.id,
        name=app.name,
        rules=app.rules.model_dump_json(exclude_defaults=True),
        created_at=app.created_at,
        disabled=app.disabled,
    )
    added = connection.execute(statement.on_conflict_do_nothing().returning(apps.c.id))
    return added.first() is not None


def find(connection: Connection, name_or_id: str) -> App | None:
    """Return an app by its id or its name."""
    query = select(apps).where((apps.c.id == name_or_id) | (apps.c.name == name_or_id))
    rows = [_app(row) for row in connection.execute(query)]
    return next((app for app in rows if app.id == name_or_id), rows[0] if rows else None)


def every(connection: Connection) -> list[App]:
    """Return all apps, by name."""
    return [_app(row) for row in connection.execute(select(apps).order_by(apps.c.name))]


def change(connection: Connection, app_id: str, rules: AppRules, *, disabled: bool) -> None:
    """Change what an app may do."""
    values = {"rules": rules.model_dump_json(exclude_defaults=True), "disabled": disabled}
    connection.execute(update(apps).where(apps.c.id == app_id).values(values))


def remove(connection: Connection, app_id: str) -> bool:
    """Forget an app with its tokens, submissions and hooks; files stay where they are."""
    return bool(connection.execute(delete(apps).where(apps.c.id == app_id)).rowcount)


def add_token(connection: Connection, token: AppToken, hash_: str) -> bool:
    """Keep a new token; return False if it is there already."""
    statement = insert_new(connection, app_tokens).values(
        id=token.id,
        hash=hash_,
        app_id=token.app_id,
        name=token.name,
        user=token.user,
        created_at=token.created_at,
        expires_at=token.expires_at,
        used_at=token.used_at,
    )
    added = connection.execute(statement.on_conflict_do_nothing().returning(app_tokens.c.id))
    return added.first() is not None


def token_with(connection: Connection, hash_: str) -> tuple[AppToken, str, App | None] | None:
    """Return the token with this hash, its hash as it is kept, and its app; None if there is none."""
    query = select(app_tokens).where(app_tokens.c.hash == hash_)
    row = connection.execute(query).first()
    if row is None:
        return None
    token = _token(row)
    return token, row.hash, None if token.app_id is None else find(connection, token.app_id)


def tokens_of(connection: Connection, app_id: str | None) -> list[AppToken]:
    """Return the tokens of an app, or the administrators', oldest first."""
    query = select(app_tokens).where(app_tokens.c.app_id.is_(None) if app_id is None else app_tokens.c.app_id == app_id)
    return [_token(row) for row in connection.execute(query.order_by(app_tokens.c.created_at, app_tokens.c.id))]


def revoke(connection: Connection, token_id: str, app_id: str | None) -> bool:
    """Forget a token of an app, or an administrator's; return whether there was one."""
    owner = app_tokens.c.app_id.is_(None) if app_id is None else app_tokens.c.app_id == app_id
    return bool(connection.execute(delete(app_tokens).where(app_tokens.c.id == token_id, owner)).rowcount)


def expire(connection: Connection, app_id: str | None, at: float, *, but: str) -> int:
    """Let all tokens of an app, but for one, end at a time (or earlier, if they do); return how many."""
    owner = app_tokens.c.app_id.is_(None) if app_id is None else app_tokens.c.app_id == app_id
    later = app_tokens.c.expires_at.is_(None) | (app_tokens.c.expires_at > at)
    changed = update(app_tokens).where(owner, later, app_tokens.c.id != but).values(expires_at=at)
    return connection.execute(changed).rowcount


def used(connection: Connection, at: dict[str, float]) -> None:
    """Keep when tokens (by id) were last used."""
    for token_id, when in at.items():
        connection.execute(update(app_tokens).where(app_tokens.c.id == token_id).values(used_at=when))


def forget_tokens(connection: Connection, before: float) -> int:
    """Delete tokens that expired before a time; return how many."""
    return connection.execute(delete(app_tokens).where(app_tokens.c.expires_at < before)).rowcount


def _app(row: Row[tuple[object, ...]]) -> App:
    value = row._mapping  # noqa: SLF001 - SQLAlchemy's documented accessor
    rules = AppRules.model_validate_json(value["rules"])
    return App(value["id"], value["name"], rules, value["created_at"], disabled=bool(value["disabled"]))


def _token(row: Row[tuple[object, ...]]) -> AppToken:
    value = row._mapping  # noqa: SLF001 - SQLAlchemy's documented accessor
    names = ("id", "app_id", "name", "user", "created_at", "expires_at", "used_at")
    return AppToken(**{name: value[name] for name in names})
