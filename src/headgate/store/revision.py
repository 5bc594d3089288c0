"""Which shape the tables have, without the machinery that changes it: every command asks this first.

Migrations only add, from one revision to the next: so a Headgate also works on the tables of the revision after its
own, and a store that several share can be brought up to date while older services go on.
"""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from headgate.errors import StoreError

NEWEST = "0008"
"""The newest migration; a test holds that it is."""


def current(connection: Connection) -> str | None:
    """Return the revision the tables are at; None if there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def check(present: str | None) -> None:
    """Check that this Headgate works on tables of a revision: its own, or the one after. Raises StoreError."""
    if present is None or present < NEWEST:
        raise StoreError("the store has to be prepared first; run: headgate store migrate", transient=False)
    if not _fits(present):
        raise StoreError(
            f"the store was written by a newer Headgate: its tables are at {present}, and this one works on {NEWEST} "
            f"and {following(NEWEST)}; install the newer one",
            transient=False,
        )


def following(revision: str) -> str:
    """Return the revision after another one."""
    return f"{int(revision) + 1:04}"


def _fits(present: str) -> bool:
    return present in (NEWEST, following(NEWEST))
