"""Pages: who is signed in, and finding jobs by what people look for."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WORDS = ("user", "account", "partition", "name", "label", "state")
AT_ONCE = 1000


def upgrade() -> None:
    """Add the tables, and the columns of jobs with what is in their data."""
    op.create_table(
        "sessions",
        sa.Column("hash", sa.Text()),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "sign_ins",
        sa.Column("hash", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_sign_ins"),
    )
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"])
    for word in WORDS:
        op.add_column("jobs", sa.Column(word, sa.Text(), nullable=False, server_default=""))
    _fill(op.get_bind())
    op.create_index("ix_jobs_submitted", "jobs", ["submitted", "job_id"])
    op.create_index("ix_jobs_user_submitted", "jobs", ["user", "submitted", "job_id"])
    op.create_index("ix_jobs_state_submitted", "jobs", ["state", "submitted", "job_id"])


def _fill(connection: sa.Connection) -> None:
    """Write into the new columns what the data of each job says."""
    keys = ("cluster", "job_id", "submitted")
    jobs = sa.table("jobs", *map(sa.column, (*keys, "data", *WORDS)))
    changing = sa.update(jobs).values({word: sa.bindparam(f"new_{word}") for word in WORDS})
    changing = changing.where(*(jobs.c[key] == sa.bindparam(f"of_{key}") for key in keys))
    found = connection.execute(sa.select(*(jobs.c[key] for key in keys), jobs.c.data)).fetchall()
    for start in range(0, len(found), AT_ONCE):
        rows: list[dict[str, Any]] = []
        for row in found[start : start + AT_ONCE]:
            data = json.loads(row.data)
            given = {f"new_{word}": str(data.get(word, "")).encode(errors="replace").decode() for word in WORDS}
            rows.append({f"of_{key}": getattr(row, key) for key in keys} | given)
        connection.execute(changing, rows)
