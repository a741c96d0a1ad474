"""Duties that one process holds while it runs them, and no more ticket systems but Zammad."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("leases", sa.Column("holder", sa.String(16), nullable=True))
    op.add_column("leases", sa.Column("held_until", sa.DateTime(), nullable=True))
    # Nobody sends what was meant for a system that is known no more; an administrator sees that it did not arrive.
    op.execute(
        "UPDATE deliveries SET state = 'dead', problem = 'not set up any more' "
        "WHERE state = 'pending' AND target IN ('znuny', 'osticket')"
    )
