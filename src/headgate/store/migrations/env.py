"""How Alembic runs a migration: on the connection that ``migrate.py`` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from headgate.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
