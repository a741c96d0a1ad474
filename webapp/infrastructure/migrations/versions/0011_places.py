"""Places in the queue in front of login tests."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "places",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("click", sa.LargeBinary(32), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("turn_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("click"),
    )
