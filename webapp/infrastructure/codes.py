"""Codes that people read out and type: nine digits, good once and for minutes. The database holds only a keyed hash."""

import secrets
from collections.abc import Callable
from typing import TypeVar

from flask import request, session
from flask_wtf import FlaskForm
from wtforms import StringField

from webapp.core.text import N_
from webapp.infrastructure import limits, mistakes

T = TypeVar("T")

CODE_DIGITS = 9
CODE_MINUTES = 10
BROWSER_KEY = "browser"  # in the person's own sealed session
_BETWEEN = (
    " \t\u00a0\u2009\u202f-\u2010\u2011\u2012\u2013\u2014./"  # what stands between digits, in writing or dictation
)


def new_code() -> str:
    """Return nine random digits (29.9 bits)."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def browser() -> str:
    """Return the secret by which this browser holds what codes and links have let it into.

    A page that asks for a code calls it before the click: two clicks have the same.
    """
    return str(session.setdefault(BROWSER_KEY, secrets.token_urlsafe(16)))


def spoken(code: str) -> str:
    """Return the code in groups, as it is read out: 123 456 789."""
    return " ".join(code[start : start + 3] for start in range(0, len(code), 3))


def parse_code(text: str) -> str | None:
    """Return the nine digits in what a person typed, blanks and hyphens left out; None for anything else."""
    digits = text.translate(dict.fromkeys(map(ord, _BETWEEN)))
    return digits if len(digits) == CODE_DIGITS and digits.isascii() and digits.isdecimal() else None


def printable(text: str | None) -> str | None:
    """Drop what no keyboard types: it is shown again in the page."""
    return "".join(filter(str.isprintable, text)) if text else text


class CodeForm(FlaskForm):
    """Nine digits, however they are grouped."""

    code = StringField(N_("Code"), filters=[printable])

    def validate_code(self, field: StringField) -> None:
        parsed = parse_code(field.data or "")
        if parsed is None:
            raise mistakes.invalid(N_("The code has nine digits, such as 123 456 789"))
        field.data = parsed


def entered(code: str, exchange: Callable[[str], T | None]) -> T | limits.Wait | None:
    """Return what a stranger's `code` is exchanged for, None for nothing, or how long they have to wait.

    Each counts before it is looked at; a right one costs no try.
    """
    click = secrets.token_urlsafe()
    wait = limits.current().take_code(request.remote_addr or "", click)
    if isinstance(wait, limits.Wait):  # never Again: the click is new
        return wait
    found = exchange(code)
    if found is not None:
        limits.current().give_back(click)
    return found
