"""Secrets that people carry: links, cookies. The database never holds one, only its hash."""

import base64
import hashlib
import secrets

LINK_BYTES = 16  # 128 bits
SESSION_BYTES = 32  # 256 bits


def new_token(size: int = LINK_BYTES) -> str:
    """Return a random token of `size` bytes as base64url."""
    return secrets.token_urlsafe(size)


def as_token(digest: bytes) -> str:
    """Return a token that is made of a digest: its first LINK_BYTES as base64url."""
    return base64.urlsafe_b64encode(digest[:LINK_BYTES]).rstrip(b"=").decode()


def hashed(token: str) -> bytes:
    """Return the SHA-256 of a token; it is long enough to need no salt."""
    return hashlib.sha256(token.encode()).digest()
