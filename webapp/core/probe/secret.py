"""The password in memory."""

from __future__ import annotations

import unicodedata
from typing import Any, NoReturn

from webapp.core.text import N_, InputError

OCTETS_MAX = 1024
_MASK = "****"


class Secret:
    """A password that cannot leak into a log line, traceback, pickle or JSON document by mistake.

    Raises InputError for an empty password, more than 1,024 octets in UTF-8, and control characters or line
    separators: CR LF would inject a command.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not value:
            raise InputError(N_("Enter your password."))
        if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
            raise InputError(N_("The password contains a character that cannot be used. Type it once more."))
        if len(value.encode("utf-8")) > OCTETS_MAX:
            raise InputError(N_("The password is too long. At most %(limit)s bytes fit."), limit=OCTETS_MAX)
        self._value = value

    def reveal(self) -> str:
        """Return the password in clear."""
        return self._value

    @property
    def has_outer_blank(self) -> bool:
        """Whether it begins or ends with a blank: to be asked about, never stripped."""
        return self._value != self._value.strip()

    def __repr__(self) -> str:
        return f"Secret({_MASK})"

    def __str__(self) -> str:
        return _MASK

    def __format__(self, specification: str) -> str:
        return _MASK

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError("a Secret is neither copied nor stored")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = _refuse
