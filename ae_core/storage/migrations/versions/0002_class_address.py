"""Where a class was opened: a server that is full makes room where most empty classes came from."""

from alembic import op
from sqlalchemy import Column, String

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    op.add_column("classes", Column("address", String, nullable=False, server_default=""))
