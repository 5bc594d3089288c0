"""The job gateway: apps and their tokens, submissions, what apps are told of, webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SUBMITTING = sa.text("phase = 'submitting'")
BARE = sa.text("phase = 'ended' AND figures IS NULL AND job_id IS NOT NULL")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "apps",
        sa.Column("id", sa.Text()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name="pk_apps"),
        sa.UniqueConstraint("name", name="uq_apps_name"),
    )
    op.create_table(
        "app_tokens",
        sa.Column("id", sa.Text()),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), _app("app_tokens")),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user", sa.Text()),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double()),
        sa.Column("used_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_app_tokens"),
        sa.UniqueConstraint("hash", name="uq_app_tokens_hash"),
    )
    op.create_index("ix_app_tokens_app_id", "app_tokens", ["app_id"])
    _submissions()
    op.create_table(
        "app_events",
        sa.Column("id", ID),
        sa.Column("app_id", sa.Text(), _app("app_events"), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column(
            "event_id",
            ID,
            sa.ForeignKey("events.id", ondelete="CASCADE", name="fk_app_events_event_id_events"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_app_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_app_events_app_id_id", "app_events", ["app_id", "id"])
    op.create_index("ix_app_events_submission_id_id", "app_events", ["submission_id", "id"])
    op.create_index("ix_app_events_event_id", "app_events", ["event_id", "submission_id"], unique=True)
    op.create_table(
        "hooks",
        sa.Column("id", sa.Text()),
        sa.Column("app_id", sa.Text(), _app("hooks"), nullable=False),
        sa.Column("user", sa.Text()),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hooks"),
    )
    op.create_index("ix_hooks_app_id", "hooks", ["app_id"])


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("number", ID),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), _app("submissions"), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("job_id", sa.BigInteger()),
        sa.Column("state", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.Column("outcome", sa.Text()),
        sa.Column("figures", sa.Text()),
        sa.Column("repeat_key", sa.Text()),
        sa.Column("repeat_hash", sa.Text()),
        sa.Column("task_uuid", sa.Text()),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("requested_at", sa.Double()),
        sa.Column("started_at", sa.Double()),
        sa.Column("ended_at", sa.Double()),
        sa.Column("deleted_at", sa.Double()),
        sa.PrimaryKeyConstraint("number", name="pk_submissions"),
        sa.UniqueConstraint("id", name="uq_submissions_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_submissions_owner", "submissions", ["app_id", "user", "number"])
    op.create_index("ix_submissions_repeat_key", "submissions", ["app_id", "user", "repeat_key"], unique=True)
    op.create_index("ix_submissions_task_uuid", "submissions", ["app_id", "task_uuid"], unique=True)
    op.create_index("ix_submissions_job_id", "submissions", ["cluster", "job_id"])
    op.create_index(
        "ix_submissions_submitting", "submissions", ["number"], sqlite_where=SUBMITTING, postgresql_where=SUBMITTING
    )
    op.create_index("ix_submissions_bare", "submissions", ["number"], sqlite_where=BARE, postgresql_where=BARE)
    op.create_index("ix_submissions_deleted_at", "submissions", ["deleted_at"])


def _app(table: str) -> sa.ForeignKey:
    return sa.ForeignKey("apps.id", ondelete="CASCADE", name=f"fk_{table}_app_id_apps")
