"""Recovery codes that need no key of the site; those that are there already do."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("recovery_codes", sa.Column("keyed", sa.Boolean(), nullable=False, server_default=sa.true()))
