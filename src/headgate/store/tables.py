"""The tables, as the newest migration leaves them. A test holds that migrations and this module agree.

Times are seconds since the epoch (double precision). Structured values are JSON in text columns: they are written and
read whole, never searched inside.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the key is declared INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")

OPEN = "state IN ('waiting', 'ready', 'sending')"

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("time", Double, nullable=False),
    Column("recorded_at", Double, nullable=False),
    Column("subject", Text, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("job_id", BigInteger),
    Column("array_id", BigInteger),
    Column("user", Text, nullable=False),
    Column("data", Text, nullable=False),
    Index("ix_events_job_id", "job_id"),
    Index("ix_events_array_id", "array_id"),
    Index("ix_events_kind_id", "kind", "id"),
    Index("ix_events_user_id", "user", "id"),
    Index("ix_events_recorded_at", "recorded_at"),
    sqlite_autoincrement=True,
)
"""The journal: append-only; a fact once, by key."""

witnesses = Table(
    "witnesses",
    metadata,
    Column("event_id", Id, ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("seen_at", Double, nullable=False),
)
"""Who saw an event, and when each told."""

jobs = Table(
    "jobs",
    metadata,
    Column("cluster", Text, primary_key=True),
    Column("job_id", BigInteger, primary_key=True),
    Column("submitted", BigInteger, primary_key=True),
    Column("open", Boolean, nullable=False),
    Column("array_id", BigInteger),
    Column("data", Text, nullable=False),
    Column("mail_types", Text),
    Column("mail_user", Text),
    Column("seen_at", Double, nullable=False),
    Index("ix_jobs_open", "cluster", sqlite_where=text("open"), postgresql_where=text("open")),
    Index("ix_jobs_array_id", "cluster", "array_id"),
    Index("ix_jobs_seen_at", "seen_at"),
)
"""What the watcher knows of each attempt of each job; ``open`` while it is not over."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event_id", Id, ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("connector", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double),
    Column("lease_owner", Text),
    Column("lease_until", Double),
    Column("folded_into", Text),
    Column("message", Text),
    Index(
        "ix_deliveries_due",
        "connector",
        "not_before",
        "id",
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
    Index(
        "ix_deliveries_target",
        "connector",
        "target",
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
    Index(
        "ix_deliveries_waiting",
        "not_before",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_deliveries_leased",
        "lease_until",
        sqlite_where=text("state = 'sending'"),
        postgresql_where=text("state = 'sending'"),
    ),
    Index("ix_deliveries_lane", "lane", "id", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
    Index("ix_deliveries_event_id", "event_id"),
    Index("ix_deliveries_state", "state", "id"),
    Index("ix_deliveries_finished_at", "finished_at"),
    sqlite_autoincrement=True,
)
"""The queue: one message to one recipient, from the moment it is owed until for ever."""

failures = Table(
    "failures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", Id, ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False),
    Column("time", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_failures_delivery_id", "delivery_id"),
)
"""Every attempt of a delivery that did not succeed."""

buckets = Table(
    "buckets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("tokens", Double, nullable=False),
    Column("filled_at", Double, nullable=False),
)
"""Token buckets: what connectors and recipients may still be sent now."""

cursors = Table(
    "cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""How far each source has read."""
