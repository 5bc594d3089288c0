"""A Headgate of the next version: a copy of ours with one more migration, which adds what a migration may add."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

import headgate
from headgate.store.revision import NEWEST, following

_MIGRATION: Final = '''\
"""What the next version adds."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{revision}", "{before}", None, None


def upgrade() -> None:
    op.create_table("next_{revision}", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("deliveries", sa.Column("next_{revision}", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("next_{revision}", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_next_{revision}", "events", ["recorded_at", "id"])
'''


def make_next_version(directory: Path, versions: int = 1) -> Path:
    """Make a copy that is so many versions ahead; return what PYTHONPATH has to name."""
    package = directory / "headgate"
    shutil.copytree(Path(headgate.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    before = NEWEST
    for _ in range(versions):
        revision = following(before)
        text = _MIGRATION.format(revision=revision, before=before)
        (package / "store" / "migrations" / "versions" / f"{revision}_next.py").write_text(text)
        before = revision
    path = package / "store" / "revision.py"
    path.write_text(re.sub(r'^NEWEST = ".*"$', f'NEWEST = "{before}"', path.read_text(), flags=re.MULTILINE))
    return directory
