"""Attempts that were counted, and pauses of the login test."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("hashed", sa.String(64), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
    )
    op.create_index("ix_attempts_kind_hashed_at", "attempts", ["kind", "hashed", "at"])
    op.create_index("ix_attempts_at", "attempts", ["at"])
    op.create_table(
        "pauses",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("until", sa.DateTime(timezone=False), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_pauses"),
    )
