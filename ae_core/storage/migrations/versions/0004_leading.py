"""What a class is led to, asked and hands in: until now a class knew of runs only."""

from alembic import op
from sqlalchemy import Boolean, Column, Double, Integer, String, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns and the tables."""
    op.add_column("classes", Column("lead_json", Text, nullable=False, server_default="{}"))
    op.add_column("students", Column("place", String, nullable=False, server_default=""))
    op.create_table(
        "questions",
        Column("code", String, primary_key=True),
        Column("name", String, primary_key=True),
        Column("question_json", Text, nullable=False),
        Column("round", Integer, nullable=False),
        Column("revealed", Boolean, nullable=False),
        Column("asked", Double, nullable=False),
    )
    op.create_table(
        "guesses",
        Column("code", String, primary_key=True),
        Column("question", String, primary_key=True),
        Column("round", Integer, primary_key=True),
        Column("visitor", String, primary_key=True),
        Column("value", Double, nullable=False),
        Column("given", Double, nullable=False),
    )
    op.create_table(
        "steps",
        Column("code", String, primary_key=True),
        Column("visitor", String, primary_key=True),
        Column("place", String, primary_key=True),
        Column("seen", Double, nullable=False),
    )
    op.create_table(
        "hand_ins",
        Column("code", String, primary_key=True),
        Column("visitor", String, primary_key=True),
        Column("run", String(12), primary_key=True),
        Column("words", Text, nullable=False),
        Column("user_name", String, nullable=False),
        Column("handed_in", Double, nullable=False),
    )
