"""What a server said, fit to be kept: without user name and password, printable ASCII, short."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

from webapp.probe.dialogue import plain_response
from webapp.probe.secret import Secret

MASK = "****"
LENGTH_MAX = 200
SHORT_NAME = 3  # characters; a shorter local part says little and stands in too many words
SHORT_PASSWORD = 6  # characters; masking one so short would show where it stands, and so what it is

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


class Redaction:
    """Keeps user name and password of one run out of what is kept.

    No regular expression: Python's `re` would keep its text, and the password in it, long after the run.
    """

    def __init__(self, user: str, password: Secret | None) -> None:
        forms = _forms(user)
        local_part = user.partition("@")[0]
        if len(local_part) >= SHORT_NAME:
            forms.add(local_part.encode())
        self._short: set[bytes] = set()
        if password is not None:
            value = password.reveal()
            forms |= {plain_response(user, value).encode(), plain_response(user, value).rstrip("=").encode()}
            if len(value) < SHORT_PASSWORD:
                self._short = _lowered(_forms(value))
            else:
                forms |= _forms(value)
        self._forms = _lowered(forms)

    def __call__(self, raw: bytes | str) -> str:
        """Return `raw` masked, with anything unprintable as one blank, at most 200 characters."""
        data = raw if isinstance(raw, bytes) else raw.encode("utf-8", "replace")
        lowered = data.lower()  # ASCII only, as long as before
        if any(form in lowered for form in self._short):
            return MASK
        text = self._masked(data, lowered).decode("utf-8", "replace")
        text = _UNPRINTABLE.sub(" ", text).strip()
        if len(text) <= LENGTH_MAX:
            return text
        half = (LENGTH_MAX - 5) // 2  # GMX gives the reason in the last line (postmaster.gmx.com/en/error-messages)
        return f"{text[:half]} ... {text[-half:]}"

    def _masked(self, data: bytes, lowered: bytes) -> bytes:
        """Put MASK in the place of every form, from the left, the longest of those that begin at one place."""
        parts, at = [], 0
        while found := [(start, -len(form)) for form in self._forms if (start := lowered.find(form, at)) >= 0]:
            start, length = min(found)
            parts += [data[at:start], MASK.encode()]
            at = start - length
        return b"".join([*parts, data[at:]])


def _forms(value: str) -> set[bytes]:
    """Return the ways in which a server may give `value` back."""
    cases = {value, value.lower(), value.upper()}  # the pattern itself ignores the case of ASCII only
    forms = {case.encode(code, "replace") for case in cases for code in ("utf-8", "latin-1", "ascii")}
    encoded = {value.encode("utf-8"), value.encode("latin-1", "replace")}
    return forms | {base64.b64encode(form) for form in encoded} | {quote(value).encode()}


def _lowered(forms: Iterable[bytes]) -> set[bytes]:
    return {form.lower() for form in forms if form}
