"""The password on its way from the person to the server."""

from __future__ import annotations

import unicodedata
from typing import Any, NoReturn

from webapp.text import N_, InputError, Message

OCTETS_MAX = 1024
_MASK = "****"


class Secret:
    """A password that no log line, traceback, pickle or JSON document can take along by mistake.

    Raises InputError for an empty password, one of more than 1,024 octets in UTF-8, and one that holds a control
    character or a line separator: with CR LF in it, a password would end its command and begin the next one.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not value:
            raise InputError(N_("Enter your password."))
        if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
            raise InputError(N_("The password contains a character that cannot be used. Type it once more."))
        if len(value.encode("utf-8")) > OCTETS_MAX:
            raise InputError(
                Message(N_("The password is too long. At most %(limit)s bytes fit."), {"limit": OCTETS_MAX})
            )
        self._value = value

    def reveal(self) -> str:
        """Return the password itself."""
        return self._value

    @property
    def has_outer_blank(self) -> bool:
        """True where it begins or ends with a blank: ask the person, never strip."""
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
