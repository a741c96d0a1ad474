"""Parsers of settings: each takes a variable and its text, and returns the value or raises InputError."""

import ipaddress
import re
import ssl
from collections.abc import Callable
from dataclasses import field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from webapp.core.text import N_, InputError

SECRET_KEY_LENGTH_MIN = 32  # characters


def setting(default: Any, parse: Callable[[str, str], Any], text: str, *, secret: bool = False) -> Any:
    """Return a field of the settings. text: its documentation. secret: masked in output."""
    return field(default=default, metadata={"parse": parse, "text": text, "secret": secret}, repr=not secret)


def refuse(setting: str, text: str, **values: str | int) -> InputError:
    return InputError(text, setting=setting, **values)


def line(setting: str, text: str) -> str:
    if not text.isprintable():
        raise refuse(setting, N_("%(setting)s must be one line of text."))
    return text


def key(setting: str, text: str) -> str:
    if len(text) < SECRET_KEY_LENGTH_MIN:
        raise refuse(setting, N_("%(setting)s must have at least %(low)s characters."), low=SECRET_KEY_LENGTH_MIN)
    return text


def is_guessable(key: str) -> bool:
    """Whether `key` is long but simple: few different characters, or one word again and again."""
    return len(set(key)) < 8 or any(key.startswith(key[start:]) for start in range(1, len(key) // 2 + 1))


def words(setting: str, text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if line(setting, word))


def keys(setting: str, text: str) -> tuple[str, ...]:
    return tuple(key(setting, word) for word in words(setting, text))


def integer(low: int, high: int) -> Callable[[str, str], int]:
    def parse(setting: str, text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not low <= int(text) <= high:
            raise refuse(
                setting, N_("%(setting)s must be a whole number from %(low)s to %(high)s."), low=low, high=high
            )
        return int(text)

    return parse


def sizes(low: int, high: int) -> Callable[[str, str], tuple[int, ...]]:
    """Three numbers for growing networks: the first within the bounds, each next one to ten times as large."""

    def parse(setting: str, text: str) -> tuple[int, ...]:
        found = tuple(integer(low, 100 * high)(setting, word) for word in words(setting, text))
        if len(found) != 3 or found[0] > high or any(not b <= a <= 10 * b for b, a in pairwise(found)):
            sentence = N_(
                "%(setting)s must be three whole numbers: the first from %(low)s to %(high)s, none smaller than the "
                "one before or more than ten times as large."
            )
            raise refuse(setting, sentence, low=low, high=high)
        return found

    return parse


def switch(setting: str, text: str) -> bool:
    if text.lower() not in ("on", "off"):
        raise refuse(setting, N_("%(setting)s must be “on” or “off”."))
    return text.lower() == "on"


def file(setting: str, text: str) -> Path:
    if not _is(setting, text, Path.is_file):
        raise refuse(setting, N_("%(setting)s: there is no file “%(path)s”."), path=text)
    return Path(text).absolute()


def authorities(setting: str, text: str) -> Path:
    path = file(setting, text)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except PermissionError as error:
        raise refuse(setting, N_("%(setting)s: “%(path)s” cannot be read."), path=text) from error
    except OSError as error:
        raise refuse(setting, N_("%(setting)s: “%(path)s” holds no certificate in PEM."), path=text) from error
    return path


def folder(setting: str, text: str) -> Path:
    if not _is(setting, text, Path.is_dir):
        raise refuse(setting, N_("%(setting)s: there is no folder “%(path)s”."), path=text)
    return Path(text).absolute()


def data_folder(setting: str, text: str) -> Path:
    if _is(setting, text, Path.exists) and not Path(text).is_dir():
        raise refuse(setting, N_("%(setting)s: “%(path)s” is not a folder."), path=text)
    return Path(text).absolute()


def _is(setting: str, text: str, what: Callable[[Path], bool]) -> bool:
    """Return `what` of the path `text`; raises InputError where it lies in a folder that is closed to us."""
    try:
        return what(Path(text))
    except PermissionError:
        raise refuse(setting, N_("%(setting)s: “%(path)s” cannot be read."), path=text) from None


def web_address(setting: str, text: str) -> str:
    if url_host(text) is None or urlsplit(text).scheme not in ("http", "https"):
        raise refuse(setting, N_("%(setting)s must be a web address such as https://pop.example.org."))
    return text


def safe_address(setting: str, text: str) -> str:
    """Parse a web address with https, or one of this machine."""
    if is_in_clear(web_address(setting, text)):
        raise refuse(setting, N_("%(setting)s must begin with https://."))
    return text


def is_in_clear(url: str) -> bool:
    """Whether what goes to `url` travels between machines without encryption."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "redis", "postgresql+psycopg") or not host or is_loopback(host):
        return False
    return parts.scheme != "postgresql+psycopg" or not re.search(r"sslmode=(?:require|verify-ca|verify-full)\b", url)


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine alone: a loopback address, or localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin(setting: str, text: str) -> str:
    address = urlsplit(web_address(setting, text))
    if address.path.strip("/") or address.query or address.fragment or address.username is not None:
        raise refuse(setting, N_("%(setting)s must end after the host name, with no path."))
    return f"{address.scheme}://{address.netloc.lower()}"


def database_url(setting: str, text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if scheme in ("postgres", "postgresql"):
        scheme = "postgresql+psycopg"  # the driver in the extra `postgres`
    if not separator or scheme not in ("sqlite", "postgresql+psycopg"):
        raise refuse(setting, N_("%(setting)s must start with “sqlite:///” or “postgresql://”."))
    return f"{scheme}://{rest}"


def redis_url(setting: str, text: str) -> str:
    if urlsplit(text).scheme not in ("redis", "rediss", "unix"):
        raise refuse(setting, N_("%(setting)s must start with “redis://”, “rediss://” or “unix://”."))
    return text


def url_host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  raises ValueError for an invalid port
    except ValueError:
        return None
    return parts.hostname


def host_name(setting: str, text: str) -> str:
    """Parse a bare host name; lower case."""
    if url_host(f"https://{text}") != text.lower() or urlsplit(f"https://{text}").path:
        raise refuse(setting, N_("%(setting)s must be a host name such as helpdesk.example.org."))
    return text.lower()


def host_names(setting: str, text: str) -> tuple[str, ...]:
    """Parse host names without scheme, port or path; an IPv6 address may stand in brackets."""
    for word in words(setting, text):
        bare = word.strip("[]").lower()
        if "*" in word or bare not in (url_host(f"https://{word}"), url_host(f"https://[{bare}]")):
            raise refuse(setting, N_("%(setting)s: “%(name)s” is no host name such as pop.example.org."), name=word)
    return words(setting, text)


def one_of(*allowed: str) -> Callable[[str, str], str]:
    def parse(setting: str, text: str) -> str:
        if text not in allowed:
            raise refuse(setting, N_("%(setting)s must be one of: %(allowed)s."), allowed=", ".join(allowed))
        return text

    return parse
