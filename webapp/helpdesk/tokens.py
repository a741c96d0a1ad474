"""Secrets that people carry: links, spoken codes, cookies. The database never holds one, only its hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from webapp.config import Config

CODE_DIGITS: Final = 9
LINK_BYTES: Final = 16  # 128 bits
SESSION_BYTES: Final = 32  # 256 bits
_NONCE_BYTES: Final = 12
_BETWEEN = (
    " \t\u00a0\u2009\u202f-\u2010\u2011\u2012\u2013\u2014./"  # what stands between digits, in writing or dictation
)


def new_token(size: int = LINK_BYTES) -> str:
    """Return a random token of `size` bytes as base64url."""
    return secrets.token_urlsafe(size)


def hashed(token: str) -> bytes:
    """Return the SHA-256 of a token; it is long enough to need no salt."""
    return hashlib.sha256(token.encode()).digest()


def new_code() -> str:
    """Return nine random digits (29.9 bits)."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def keyed(config: Config, purpose: str, text: str) -> bytes:
    """Return the HMAC-SHA-256 of something short under a key that no database holds."""
    return hmac.digest(config.key(purpose), text.encode(), "sha256")


def spoken(code: str) -> str:
    """Return the code in groups, as it is read out: 123 456 789."""
    return " ".join(code[start : start + 3] for start in range(0, len(code), 3))


def parse_code(text: str) -> str | None:
    """Return the nine digits in what a person typed, blanks and hyphens left out; None for anything else."""
    digits = text.translate(dict.fromkeys(map(ord, _BETWEEN)))
    return digits if len(digits) == CODE_DIGITS and digits.isascii() and digits.isdecimal() else None


def seal(config: Config, purpose: str, content: bytes) -> bytes:
    """Return `content` as only this installation can read it: nonce, then ChaCha20-Poly1305."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + ChaCha20Poly1305(config.key(purpose)).encrypt(nonce, content, purpose.encode())


def unseal(config: Config, purpose: str, sealed: bytes) -> bytes | None:
    """Return what `seal` sealed for the same purpose, or None: the key was changed."""
    try:
        return ChaCha20Poly1305(config.key(purpose)).decrypt(
            sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode()
        )
    except (InvalidTag, ValueError):
        return None
