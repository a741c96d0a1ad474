"""Run by Alembic: migrates over the connection that `webapp.infrastructure.db` hands in."""

from alembic import context

from webapp.infrastructure.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
