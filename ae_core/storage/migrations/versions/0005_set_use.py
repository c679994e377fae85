"""When a visitor's image set was last used: those that nobody uses any more are deleted."""

import time

from alembic import op
from sqlalchemy import Column, Double, column, table

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; the sets that are there count as used today."""
    op.add_column("user_sets", Column("used", Double, nullable=False, server_default="0"))
    op.execute(table("user_sets", column("used")).update().values(used=time.time()))
