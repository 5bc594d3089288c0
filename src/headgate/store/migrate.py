"""Bringing a store's tables to the newest shape, with Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from headgate.store.revision import check, current
from headgate.store.store import Store, begin_writing, store_error

_LOCK = 0x48454144  # any number, the same for every Headgate: PostgreSQL's advisory lock for migrations


def migrate(store: Store, revision: str = "head") -> None:
    """Bring the tables to ``revision``. Several processes may call it at once. Raises StoreError.

    Tables of the revision after the newest one known are left as they are: a newer service works beside this one.
    """
    try:
        with store.engine.connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            else:
                begin_writing(connection)
            config = _config()
            config.attributes["connection"] = connection
            known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
            present = current(connection)
            if present is not None and present not in known:
                check(present)
                return
            command.upgrade(config, revision)
    except SQLAlchemyError as error:
        raise store_error(error, "the store's tables could not be brought up to date") from error


def newest() -> str | None:
    """Return the newest revision this Headgate knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
