"""Lists of an app's jobs by how far they have come: found, where all jobs of the app had to be looked through."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_submissions_state", "submissions", ["app_id", "user", "state", "number"])
    op.create_index("ix_submissions_phase", "submissions", ["app_id", "user", "phase", "number"])
