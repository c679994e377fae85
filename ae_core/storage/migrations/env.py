"""Alembic's entry: it runs the migrations on the connection of `ae_core.storage.database`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
