"""Rules: their executions, the tries of each step, and what was decided about rules beside their files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("state IN ('holding', 'approval', 'waiting', 'running', 'asking')")
DUE = sa.text("state IN ('holding', 'approval', 'waiting')")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "executions",
        sa.Column("id", ID),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("per", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("approved_by", sa.Text()),
        sa.Column("cause", ID),
        sa.Column("depth", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_executions"),
        sa.UniqueConstraint("key", name="uq_executions_key"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], ondelete="CASCADE", name="fk_executions_event_id_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_executions_rule_id", "executions", ["rule", "id"])
    op.create_index("ix_executions_subject_id", "executions", ["subject", "id"])
    op.create_index("ix_executions_event_id", "executions", ["event_id"])
    op.create_index("ix_executions_finished_at", "executions", ["finished_at"])
    op.create_index("ix_executions_due", "executions", ["not_before"], sqlite_where=DUE, postgresql_where=DUE)
    op.create_index("ix_executions_open", "executions", ["rule", "state"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "execution_steps",
        sa.Column("id", ID),
        sa.Column("execution_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("touches", sa.Text(), nullable=False, server_default=""),
        sa.Column("result", sa.Text()),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_execution_steps"),
        sa.ForeignKeyConstraint(
            ["execution_id"], ["executions.id"], ondelete="CASCADE", name="fk_execution_steps_execution_id_executions"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_execution_steps_execution_id_id", "execution_steps", ["execution_id", "id"])
    op.create_index("ix_execution_steps_started_at", "execution_steps", ["started_at"])
    op.create_table(
        "rules",
        sa.Column("ref", sa.Text()),
        sa.Column("enabled", sa.Boolean()),
        sa.Column("stopped", sa.Text(), nullable=False, server_default=""),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name="pk_rules"),
    )
