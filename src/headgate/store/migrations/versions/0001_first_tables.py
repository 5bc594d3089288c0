"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "buckets",
        sa.Column("name", sa.Text()),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("filled_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_buckets"),
    )
    op.create_table(
        "cursors",
        sa.Column("name", sa.Text()),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursors"),
    )
    op.create_table(
        "events",
        sa.Column("id", ID),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("array_id", sa.BigInteger(), nullable=True),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("key", name="uq_events_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_array_id", "events", ["array_id"])
    op.create_index("ix_events_job_id", "events", ["job_id"])
    op.create_index("ix_events_kind_id", "events", ["kind", "id"])
    op.create_index("ix_events_recorded_at", "events", ["recorded_at"])
    op.create_index("ix_events_user_id", "events", ["user", "id"])
    op.create_table(
        "jobs",
        sa.Column("cluster", sa.Text()),
        sa.Column("job_id", sa.BigInteger()),
        sa.Column("submitted", sa.BigInteger()),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("array_id", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("mail_types", sa.Text(), nullable=True),
        sa.Column("mail_user", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "job_id", "submitted", name="pk_jobs"),
    )
    op.create_index("ix_jobs_array_id", "jobs", ["cluster", "array_id"])
    op.create_index("ix_jobs_open", "jobs", ["cluster"], sqlite_where=sa.text("open"), postgresql_where=sa.text("open"))
    op.create_index("ix_jobs_seen_at", "jobs", ["seen_at"])
    op.create_table(
        "deliveries",
        sa.Column("id", ID),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.Column("folded_into", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_deliveries_event_id", ondelete="CASCADE"),
        sa.UniqueConstraint("key", name="uq_deliveries_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["connector", "not_before", "id"],
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index("ix_deliveries_event_id", "deliveries", ["event_id"])
    op.create_index("ix_deliveries_finished_at", "deliveries", ["finished_at"])
    op.create_index(
        "ix_deliveries_lane",
        "deliveries",
        ["lane", "id"],
        sqlite_where=sa.text("state IN ('waiting', 'ready', 'sending')"),
        postgresql_where=sa.text("state IN ('waiting', 'ready', 'sending')"),
    )
    op.create_index(
        "ix_deliveries_leased",
        "deliveries",
        ["lease_until"],
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index("ix_deliveries_state", "deliveries", ["state", "id"])
    op.create_index(
        "ix_deliveries_target",
        "deliveries",
        ["connector", "target"],
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["not_before"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "witnesses",
        sa.Column("event_id", ID),
        sa.Column("source", sa.Text()),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "source", name="pk_witnesses"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_witnesses_event_id", ondelete="CASCADE"),
    )
    op.create_table(
        "failures",
        sa.Column("id", ID),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_failures"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_failures_delivery_id", ondelete="CASCADE"),
    )
    op.create_index("ix_failures_delivery_id", "failures", ["delivery_id"])


def downgrade() -> None:
    """Drop every table, and what is in them."""
    op.drop_table("failures")
    op.drop_table("witnesses")
    op.drop_table("deliveries")
    op.drop_table("jobs")
    op.drop_table("events")
    op.drop_table("cursors")
    op.drop_table("buckets")
