"""Builds of pull requests: what was asked for, the runs and jobs it led to, and the rows that tell of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN_REQUEST = sa.text("state = 'open'")
OPEN_JOB = sa.text("phase NOT IN ('done', 'refused')")
UNWRITTEN = sa.text("NOT written")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "build_requests",
        sa.Column("id", ID),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("event_id", ID),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("forge", sa.Text(), nullable=False),
        sa.Column("repository", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("comment_id", sa.BigInteger()),
        sa.Column("answer_id", sa.BigInteger()),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_build_requests"),
        sa.UniqueConstraint("key", name="uq_build_requests_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_build_requests_due", "build_requests", ["not_before"], sqlite_where=OPEN_REQUEST,
        postgresql_where=OPEN_REQUEST,
    )  # fmt: skip
    op.create_index("ix_build_requests_created_at", "build_requests", ["created_at"])
    op.create_table(
        "build_runs",
        sa.Column("id", ID),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("forge", sa.Text(), nullable=False),
        sa.Column("repository", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("base_branch", sa.Text(), nullable=False),
        sa.Column("base_commit", sa.Text(), nullable=False),
        sa.Column("head_commit", sa.Text(), nullable=False),
        sa.Column("built_commit", sa.Text(), nullable=False, server_default=""),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_build_runs"),
        sa.UniqueConstraint("key", name="uq_build_runs_key"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["build_requests.id"], ondelete="CASCADE", name="fk_build_runs_request_id_build_requests"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_build_runs_request_id", "build_runs", ["request_id"])
    op.create_table(
        "build_jobs",
        sa.Column("id", ID),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("forge", sa.Text(), nullable=False),
        sa.Column("repository", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("commit", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("repo_id", sa.Text(), nullable=False),
        sa.Column("on_architecture", sa.Text(), nullable=False),
        sa.Column("on_accelerator", sa.Text(), nullable=False),
        sa.Column("for_architecture", sa.Text(), nullable=False),
        sa.Column("for_accelerator", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("problem", sa.Text(), nullable=False, server_default=""),
        sa.Column("job_id", sa.BigInteger()),
        sa.Column("requested_at", sa.Double()),
        sa.Column("comment_id", sa.BigInteger()),
        sa.Column("comment_url", sa.Text(), nullable=False, server_default=""),
        sa.Column("comment_asked", sa.Double()),
        sa.Column("told_not_before", sa.Double(), nullable=False, server_default="0"),
        sa.Column("tellings", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("state", sa.Text(), nullable=False, server_default=""),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("cancelled_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("pending_told", sa.Text(), nullable=False, server_default=""),
        sa.Column("shown_state", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double()),
        sa.Column("finished_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_build_jobs"),
        sa.UniqueConstraint("root", "path", name="uq_build_jobs_root_path"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["build_runs.id"], ondelete="CASCADE", name="fk_build_jobs_run_id_build_runs"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_build_jobs_run_id", "build_jobs", ["run_id"])
    op.create_index("ix_build_jobs_job_id_cluster", "build_jobs", ["job_id", "cluster"])
    op.create_index("ix_build_jobs_repository_number", "build_jobs", ["repository", "number"])
    op.create_index("ix_build_jobs_finished_at", "build_jobs", ["finished_at"])
    op.create_index(
        "ix_build_jobs_open", "build_jobs", ["not_before"], sqlite_where=OPEN_JOB, postgresql_where=OPEN_JOB
    )
    op.create_table(
        "build_rows",
        sa.Column("id", ID),
        sa.Column("job", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("written", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_build_rows"),
        sa.UniqueConstraint("job", "key", name="uq_build_rows_job_key"),
        sa.ForeignKeyConstraint(["job"], ["build_jobs.id"], ondelete="CASCADE", name="fk_build_rows_job_build_jobs"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_build_rows_unwritten", "build_rows", ["job"], sqlite_where=UNWRITTEN, postgresql_where=UNWRITTEN
    )
