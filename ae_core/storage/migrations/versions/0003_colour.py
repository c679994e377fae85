"""Whether a visitor's pictures are in gray or in colour: until now they were gray."""

from alembic import op
from sqlalchemy import Column, Integer

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column."""
    op.add_column("user_sets", Column("channels", Integer, nullable=False, server_default="1"))
