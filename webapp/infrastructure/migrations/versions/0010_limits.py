"""One table for everything that is tried, under keys of the day.

What still counts is carried over: the hashes of before stand under keys that every process knows, and a row of
`limit_keys` without a key says to look for those, too, until no window reaches back to them.
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    keys = op.create_table(
        "limit_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_keys")),
    )
    limits = op.create_table(
        "limits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("bucket", sa.LargeBinary(80), nullable=False),
        sa.Column("click", sa.LargeBinary(32), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limits")),
    )
    rows = [*_tries(), *_helpdesk_tries(), *_agents()]
    if rows:
        op.bulk_insert(limits, rows)
        op.bulk_insert(keys, [{"made_at": _now(), "sealed": b""}])
    op.create_index("ix_limits_bucket_at", "limits", ["bucket", "at"])
    op.create_index(op.f("ix_limits_at"), "limits", ["at"])
    op.create_index(op.f("ix_limits_click"), "limits", ["click"])
    op.drop_table("attempts")
    op.drop_table("helpdesk_attempts")
    # Not by copying the table, as batch mode does: dropping the old one would delete what refers to agents.
    op.execute("ALTER TABLE agents DROP COLUMN failures")
    op.execute("ALTER TABLE agents DROP COLUMN locked_until")
    with op.batch_alter_table("pauses") as pauses:
        pauses.alter_column("name", existing_type=sa.String(16), existing_nullable=False, type_=sa.String(80))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _row(kind: str, bucket: bytes, at: datetime, click: bytes = b"", amount: int = 1) -> dict[str, Any]:
    return {"kind": kind, "bucket": bucket, "click": click, "amount": amount, "at": at, "state": "tried"}


def _open(kind: str, who: str) -> bytes:
    """Return the hash of what nobody has to hide, under a key that is empty."""
    return hmac.digest(b"", f"{kind}\0{who}".encode(), "sha256")


def _tries() -> list[dict[str, Any]]:
    """Tests, checks and links, and the clicks that must not run again. Refusals are in the tries."""
    attempts = sa.table("attempts", *map(sa.column, ("kind", "hashed", "amount")), sa.column("at", sa.DateTime()))
    kept = op.get_bind().execute(sa.select(attempts).where(attempts.c.kind != "refusal"))
    found = []
    for kind, hashed, amount, at in kept:
        digest = bytes.fromhex(hashed) or _open(kind, "")
        if kind == "ticket":
            found.append(_row(kind, b"", at, click=digest))
        else:
            found.append(_row(kind, digest, at, amount=amount))
    return found


def _helpdesk_tries() -> list[dict[str, Any]]:
    """Codes, sign-ins and calls for help: which of them it was stands in the hash alone."""
    attempts = sa.table("helpdesk_attempts", sa.column("bucket", sa.LargeBinary()), sa.column("at", sa.DateTime()))
    return [_row("helpdesk", bucket, at) for bucket, at in op.get_bind().execute(sa.select(attempts))]


def _agents() -> list[dict[str, Any]]:
    """Refused sign-ins: who has to wait goes on waiting, as long; who had tries left has as many."""
    agents = sa.table("agents", sa.column("login"), sa.column("failures"), sa.column("locked_until", sa.DateTime()))
    now, found = _now(), []
    for login, failures, until in op.get_bind().execute(sa.select(agents).where(agents.c.failures > 0)):
        bucket = _open("agent", login)
        if until is not None and until > now:  # more than an agent ever has in an hour, the last of which is up then
            found.append(_row("agent", bucket, until - timedelta(hours=1), amount=50))
        else:
            found.append(_row("agent", bucket, now, amount=min(failures, 4)))
    return found
