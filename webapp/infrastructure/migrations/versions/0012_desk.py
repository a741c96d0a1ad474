"""What an agent calls a case, and when its person's page was last there."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("cases", sa.Column("label", sa.String(40), nullable=False, server_default=sa.text("''")))
    op.add_column("cases", sa.Column("seen_at", sa.DateTime(), nullable=True))
