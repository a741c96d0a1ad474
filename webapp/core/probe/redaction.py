"""Redaction of server replies: no user name, no password, printable ASCII, short."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from webapp.core.probe.dialogue import plain_response
from webapp.core.probe.secret import Secret

MASK = "****"
LENGTH_MAX = 200
SHORT_NAME = 3  # characters; shorter local parts occur in too many words
SHORT_PASSWORD = 6  # characters; masking a shorter one would reveal it by its position
INSIDE_MIN = 6  # letters of base64; a shorter row occurs by chance

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


class Redaction:
    """Masks address, user name and password of one run.

    Without regular expressions: `re` caches patterns, and with them the password, long after the run.
    """

    def __init__(self, address: str, password: Secret | None, user: str | None = None) -> None:
        forms = _forms(address)
        local_part = address.rpartition("@")[0]
        if len(local_part) >= SHORT_NAME:
            forms.add(local_part.encode())
        self._short: set[bytes] = set()
        if password is not None:
            value = password.reveal()
            user = user or address
            forms |= {plain_response(user, value).encode(), plain_response(user, value).rstrip("=").encode()}
            if len(value) < SHORT_PASSWORD:
                self._short = _lowered(_forms(value))
            else:
                forms |= _forms(value)
        self._forms = _lowered(forms)

    def __call__(self, raw: bytes | str) -> str:
        """Return `raw` masked, unprintable characters as blanks, at most 200 characters."""
        data = raw if isinstance(raw, bytes) else raw.encode("utf-8", "replace")
        lowered = data.lower()  # ASCII only, same length
        if any(form in lowered for form in self._short):
            return MASK
        text = self._masked(data, lowered).decode("utf-8", "replace")
        text = _UNPRINTABLE.sub(" ", text).strip()
        if len(text) <= LENGTH_MAX:
            return text
        half = (LENGTH_MAX - 5) // 2  # GMX puts the reason into the last line (postmaster.gmx.com/en/error-messages)
        return f"{text[:half]} ... {text[-half:]}"

    def _masked(self, data: bytes, lowered: bytes) -> bytes:
        """Replace every form with MASK, leftmost and longest first."""
        parts, at = [], 0
        while found := [(start, -len(form)) for form in self._forms if (start := lowered.find(form, at)) >= 0]:
            start, length = min(found)
            parts += [data[at:start], MASK.encode()]
            at = start - length
        return b"".join([*parts, data[at:]])


def _forms(value: str) -> set[bytes]:
    """Return the encodings in which a server may echo `value`."""
    cases = {value, value.lower(), value.upper()}  # the search itself ignores case in ASCII only
    forms = {case.encode(code, "replace") for case in cases for code in ("utf-8", "latin-1", "ascii")}
    encoded = {value.encode("utf-8"), value.encode("latin-1", "replace")}
    percent = {quote(value), quote(value, safe=""), quote_plus(value)}
    spelt = {form.hex() for form in encoded} | {"".join(f"%{octet:02x}" for octet in form) for form in encoded}
    return forms.union(*map(_in_base64, encoded)) | {form.encode() for form in percent | spelt}


def _in_base64(value: bytes) -> set[bytes]:
    """Return `value` in base64, alone and inside of more: three octets are four letters, wherever they begin."""
    forms = {base64.b64encode(value)}
    for before in range(3):
        whole = base64.b64encode(bytes(before) + value)
        inside = whole[(0, 2, 3)[before] : len(whole) - (0, 3, 2)[(before + len(value)) % 3]]
        if len(inside) >= INSIDE_MIN:
            forms.add(inside)
    return forms


def _lowered(forms: Iterable[bytes]) -> set[bytes]:
    return {form.lower() for form in forms if form}
