"""Nodes: what the node watcher knows of them, and finding the events about one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NO_JOB = sa.text("job_id IS NULL")


def upgrade() -> None:
    """Add the table and the index."""
    op.create_table(
        "nodes",
        sa.Column("cluster", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "name", name="pk_nodes"),
    )
    op.create_index("ix_events_subject_id", "events", ["subject", "id"], sqlite_where=NO_JOB, postgresql_where=NO_JOB)
