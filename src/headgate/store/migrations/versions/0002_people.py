"""People: links, preferences, subscriptions; priorities, folding and lookups of deliveries; the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
READY = sa.text("state = 'ready'")
LOOKUP = sa.text("state = 'waiting' AND lookup IS NOT NULL")


def upgrade() -> None:
    """Add the columns and tables."""
    op.add_column("deliveries", sa.Column("priority", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("deliveries", sa.Column("fold", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("deliveries", sa.Column("person", sa.Text(), nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("lookup", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("subscription", sa.Text(), nullable=True))
    op.drop_index("ix_deliveries_due", "deliveries")
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["connector", "priority", "not_before", "id"],
        sqlite_where=READY,
        postgresql_where=READY,
    )
    op.create_index("ix_deliveries_lookup", "deliveries", ["not_before"], sqlite_where=LOOKUP, postgresql_where=LOOKUP)
    op.create_table(
        "links",
        sa.Column("connector", sa.Text()),
        sa.Column("identity", sa.Text()),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("connector", "identity", name="pk_links"),
    )
    op.create_index("ix_links_user_connector", "links", ["user", "connector"])
    op.create_index("ix_links_target", "links", ["target"])
    op.create_table(
        "link_codes",
        sa.Column("code_hash", sa.Text()),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name="pk_link_codes"),
    )
    op.create_index("ix_link_codes_user_connector", "link_codes", ["user", "connector"])
    op.create_table(
        "guesses",
        sa.Column("connector", sa.Text()),
        sa.Column("identity", sa.Text()),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("connector", "identity", name="pk_guesses"),
    )
    op.create_table(
        "preferences",
        sa.Column("user", sa.Text()),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user", name="pk_preferences"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", ID),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscriptions_user", "subscriptions", ["user"])
    op.create_table(
        "audit",
        sa.Column("id", ID),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_time", "audit", ["time"])
    op.create_index("ix_audit_user_id", "audit", ["user", "id"])
    op.create_table(
        "memories",
        sa.Column("name", sa.Text()),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_memories"),
    )
