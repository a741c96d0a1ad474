"""A mail account: address, name, two servers, and what stays on the server."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from webapp.core.text import N_, InputError

ADDRESS_MAX = 254  # RFC 5321 section 4.5.3.1.3: a path of 256 octets with its angle brackets
LOCAL_PART_MAX = 64  # RFC 5321 section 4.5.3.1.1
NAME_MAX = 64
DAYS_MIN, DAYS_MAX = 1, 99
EXAMPLES = {"example_address": "anna@example.org", "example_domain": "example.org"}  # pages take the provider's

_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322 dot-atom
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_UNSEEN = str.maketrans(dict.fromkeys("\u00ad\u200b\u2060\ufeff"))  # not the joiners of scripts and emoji
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class ServerType(StrEnum):
    """What a server speaks, in autoconfig's words."""

    POP3 = "pop3"
    IMAP = "imap"
    SMTP = "smtp"


class SocketType(StrEnum):
    """How the connection is encrypted, in autoconfig's words. Plain text is not supported."""

    SSL = "SSL"  # RFC 8314: Implicit TLS
    STARTTLS = "STARTTLS"  # RFC 2595 (STLS), RFC 3207

    @property
    def label(self) -> str:
        """Return what mail programs call it."""
        return "SSL/TLS" if self is SocketType.SSL else "STARTTLS"


class Username(StrEnum):
    """Which user name a provider's servers take, in autoconfig's placeholders."""

    ADDRESS = "%EMAILADDRESS%"
    LOCAL_PART = "%EMAILLOCALPART%"

    def of(self, address: str) -> str:
        """Return the user name of `address`."""
        return address if self is Username.ADDRESS else address.rpartition("@")[0]


@dataclass(frozen=True, slots=True)
class Server:
    """One way to reach a server: host name, TCP port, encryption."""

    type: ServerType
    hostname: str
    port: int
    socket_type: SocketType
    authentication: str = "password-cleartext"  # inside TLS only


@dataclass(frozen=True, slots=True)
class Retention:
    """What stays on the server after the mail program has fetched it.

    `days_to_leave_messages_on_server` is None where mail stays forever or is deleted at once.
    """

    leave_messages_on_server: bool = True
    days_to_leave_messages_on_server: int | None = None

    def __post_init__(self) -> None:
        days = self.days_to_leave_messages_on_server
        if days is None:
            return
        if not self.leave_messages_on_server:
            raise ValueError("days without leaving messages on the server")
        if not DAYS_MIN <= days <= DAYS_MAX:
            raise InputError(N_("Choose a number of days from %(low)s to %(high)s."), low=DAYS_MIN, high=DAYS_MAX)

    @classmethod
    def parse(cls, text: str) -> Retention:
        """Parse `forever`, `delete` or a number of days; raises InputError."""
        word = text.strip().lower()
        if word == "forever":
            return KEEP_FOREVER
        if word == "delete":
            return FETCH_AND_DELETE
        if not re.fullmatch(r"[0-9]{1,4}", word):
            raise InputError(
                N_("Write “forever”, “delete” or a number of days from %(low)s to %(high)s."),
                low=DAYS_MIN,
                high=DAYS_MAX,
            )
        return cls(True, int(word))

    def __str__(self) -> str:
        """Return the form that `parse` reads."""
        if not self.leave_messages_on_server:
            return "delete"
        days = self.days_to_leave_messages_on_server
        return "forever" if days is None else str(days)


KEEP_FOREVER = Retention()
FETCH_AND_DELETE = Retention(leave_messages_on_server=False)


@dataclass(frozen=True, slots=True)
class MailAccount:
    """Everything a mail program needs, except the password.

    Made by `Provider.account`, which checks address and name.
    """

    email_address: str
    display_name: str  # the sender name, "" for none
    incoming: Server
    outgoing: Server
    retention: Retention
    provider_id: str
    provider_name: str = ""  # as shown to people: "Nordlicht"
    provider_website: str = ""  # webmail: "mail.nordlicht.example"
    login: Username = Username.ADDRESS
    minutes_between_fetches: int | None = None  # None: the program's own number
    needs_activation: bool = False  # whether POP3 must be switched on first
    has_app_password: bool = False  # whether the provider has passwords for programs

    @property
    def username(self) -> str:
        return self.login.of(self.email_address)

    @property
    def file_word(self) -> str:
        """Return the provider's name for names of files and folders."""
        return file_word(self.provider_name)

    @property
    def file_stem(self) -> str:
        """Return how our files for this account begin: nordlicht-pop."""
        return f"{self.file_word.lower()}-pop"


def file_word(name: str) -> str:
    """Return a provider's name for names of files and folders: ASCII letters, digits, hyphens."""
    return re.sub("[^A-Za-z0-9]+", "-", name).strip("-") or "Mail"


def parse_address(text: str) -> str:
    """Return `text` as a normalised mail address: stripped, lower case, without invisible characters.

    ASCII only. Raises InputError.
    """
    address = _without_format_characters(unicodedata.normalize("NFC", text)).strip().lower()
    address = address.removeprefix("mailto:")
    if not address:
        raise InputError(N_("Enter your e-mail address."))
    if address.split() != [address]:
        raise InputError(N_("The e-mail address contains a space. Remove it."))
    if _has_control(address):
        raise InputError(N_("The e-mail address contains a character that cannot be used. Type it once more."))
    local_part, at, domain = address.rpartition("@")
    if not at or not local_part or not domain:
        text = N_("Write the whole e-mail address, with @ and what follows, such as %(example_address)s.")
        raise InputError(text, **EXAMPLES)
    if "@" in local_part:
        raise InputError(N_("The e-mail address contains more than one @. Enter a single address."))
    if not address.isascii():
        raise InputError(N_("The e-mail address contains an umlaut or a special character. Write it without."))
    if len(address) > ADDRESS_MAX or len(local_part) > LOCAL_PART_MAX:
        raise InputError(N_("The e-mail address is too long."))
    if not _LOCAL_PART.fullmatch(local_part):
        raise InputError(
            N_("The part before the @ is not right. Check for dots at the beginning or end and for two dots in a row.")
        )
    if not _DOMAIN.fullmatch(domain):
        text = N_("The part after the @ is not right. A right one is, for example, %(example_domain)s.")
        raise InputError(text, **EXAMPLES)
    return address


def parse_name(text: str) -> str:
    """Return `text` as a sender name: NFC, blanks collapsed, without what nobody sees; "" stays "".

    Raises InputError for control and bidirectional characters, noncharacters, and more than 64 characters.
    """
    name = unicodedata.normalize("NFC", text.translate(_UNSEEN))
    # Fast path: a printable string contains none of these.
    if not name.isprintable() and (
        _has_control(name.strip()) or _BIDI.search(name) or any(map(_is_no_character, name))
    ):
        raise InputError(N_("The name contains a character that cannot be used. Type it once more."))
    name = " ".join(name.split())
    if len(name) > NAME_MAX:
        raise InputError(N_("The name is longer than %(limit)s characters. Shorten it."), limit=NAME_MAX)
    return name


def shorten_address(address: str) -> str:
    """Return the address masked for other people: `a…l@example.org`."""
    local_part, _, domain = address.partition("@")
    return f"{local_part[:1]}…{local_part[-1:] if len(local_part) > 2 else ''}@{domain}"


def _has_control(text: str) -> bool:
    return not text.isprintable() and any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in text)


def _is_no_character(character: str) -> bool:
    """Surrogates, private use and noncharacters (Unicode section 23.7), which XML 1.0 excludes."""
    code = ord(character)
    return unicodedata.category(character) in ("Cs", "Co") or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _without_format_characters(text: str) -> str:
    """Drop zero-width and similar characters, which get copied along with an address."""
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")
