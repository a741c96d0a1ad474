"""An address as people type it: what is plainly meant is understood, what is wrong is named."""

import re

from webapp.core.account import EXAMPLES, parse_address
from webapp.core.text import N_, InputError

_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_PHONE_NUMBER = re.compile(r"[+0-9][0-9 ()/.-]{4,}")


def typed_address(text: str) -> str:
    """Return the address that `text` plainly means, as `parse_address` does; raises InputError.

    Understood: “Anna <anna@example.org>”, blanks around the @ (phone keyboards put them there), a comma or a dot too
    many after it. A domain that must be guessed is none of these: `providers.suggest` asks about it.
    """
    found = _IN_BRACKETS.search(text)
    address = (found[1] if found else text).strip().strip("<>\"'„“”;,")
    if _PHONE_NUMBER.fullmatch(address):
        text = N_("That is a telephone number. Type your e-mail address, such as %(example_address)s.")
        raise InputError(text, **EXAMPLES)
    if " " in address and "@" in address and not re.search(r"@.*@", address):
        address = re.sub(r"\s+", "", address)
    local_part, at, domain = address.rpartition("@")
    if not at or not domain:
        return parse_address(address)
    domain = domain.replace(",", ".").strip(".")
    if "." not in domain and local_part:
        text = N_("Something is missing after the @. For example, %(example_domain)s stands there.")
        raise InputError(text, **EXAMPLES)
    return parse_address(f"{local_part}@{_in_ascii(domain)}")


def _in_ascii(domain: str) -> str:
    """Return the domain as browsers send it; unchanged where it cannot be one."""
    try:
        return domain if domain.isascii() else domain.lower().encode("idna").decode()
    except UnicodeError:
        return domain


def as_typed(address: str) -> str:
    """Return the address with its domain as people write it: browsers send `xn--mller-kva.de` for `müller.de`."""
    local_part, at, domain = address.rpartition("@")
    if "xn--" not in domain:
        return address
    try:
        return f"{local_part}{at}{domain.encode('ascii').decode('idna')}"
    except UnicodeError:
        return address
