"""The first tables. New databases are made with the present ones, so nothing is left to do."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Do nothing."""
