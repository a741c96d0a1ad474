"""What installed programs and libraries can say, read from themselves: catalogues, libraries, sources, programs' files."""

from __future__ import annotations

import ast
import ctypes
import errno
import gettext
import inspect
import os
import poplib
import re
import shutil
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

LOCALES = Path("/usr/share/locale")
GETMAIL = Path("/usr/lib/python3/dist-packages/getmailcore")
GETMAIL_SAYS = ("__init__.py", "_retrieverbases.py", "retrievers.py", "utilities.py")
SENTENCE = re.compile(r"[A-Za-z%]\S* \S*[a-z%]")
_VARIABLE = re.compile(r"%[-+ #0-9.*]*(?:l|ll|z)?[a-zA-Z]|\{[^{}]*\}")
_NETWORK = (
    errno.EADDRNOTAVAIL, errno.ECONNABORTED, errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTDOWN, errno.EHOSTUNREACH,
    errno.ENETDOWN, errno.ENETRESET, errno.ENETUNREACH, errno.ENOTCONN, errno.EPIPE, errno.ESHUTDOWN, errno.ETIMEDOUT,
)  # fmt: skip
_SAID_BY = ("error", "critical", "warning", "exit")
_NAMES = range(1, 13)  # of getaddrinfo's errors
_SSL_LIBRARY = 20 << 23
_LOAD_SSL_STRINGS = 0x00200000


def known_as(text: str) -> str:
    """Return `text` as the catalogue has it: … for what differs from person to person."""
    return " ".join(re.sub(r"(?:…\s*[:/]?\s*)*…", "…", _VARIABLE.sub("…", text)).split())


def said(text: str, name: str) -> str:
    """Return `text` as it stands on the screen, `name` in the place of what differs."""
    return known_as(text).replace("…", name)


def _catalogue(name: str, language: str) -> dict[str, str]:
    with (LOCALES / "de" / "LC_MESSAGES" / f"{name}.mo").open("rb") as file:
        read: Mapping[object, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    texts = {(key[0] if isinstance(key, tuple) else str(key)): text for key, text in read.items() if key}
    return {key: text if language == "de" else key for key, text in texts.items()}


def _translated(name: str) -> Callable[[str, str], str]:
    catalogue = _catalogue(name, "de")
    return lambda text, language: catalogue.get(text, text) if language == "de" else text


def _library(name: str, *functions: str) -> ctypes.CDLL:
    library = ctypes.CDLL(name)
    for function in functions:
        getattr(library, function).restype = ctypes.c_char_p
    return library


def _sentences(tree: ast.AST, *, raised_only: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield from _texts(node.exc)
        elif not raised_only and isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _SAID_BY:
            yield from _texts(node)


def _texts(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and SENTENCE.search(part.value):
            yield part.value


def fetchmail(language: str) -> Iterable[str]:
    """Return the sentences in the program; it has no German here."""
    program = shutil.which("fetchmail")
    assert program
    read = (
        line.decode()
        for text in re.findall(rb"[\t\n -~]{6,}", Path(program).read_bytes())
        for line in text.split(b"\n")
    )
    return [line.strip() for line in read if SENTENCE.search(line)]


def getmail(language: str) -> Iterable[str]:
    files = [Path(shutil.which("getmail") or ""), *(GETMAIL / name for name in GETMAIL_SAYS)]
    return [text for file in files for text in _sentences(ast.parse(file.read_text("utf-8")), raised_only=False)]


def python(language: str) -> Iterable[str]:
    """Return what the libraries raise that speak POP3, SMTP and TLS."""
    modules = (poplib, smtplib, ssl, socket)
    return [text for module in modules for text in _sentences(ast.parse(inspect.getsource(module)), raised_only=True)]


def msmtp(language: str) -> Iterable[str]:
    return _catalogue("msmtp", language).values()


def mpop(language: str) -> Iterable[str]:
    return _catalogue("mpop", language).values()


def curl(language: str) -> Iterable[str]:
    library = _library("libcurl.so.4", "curl_easy_strerror")
    return [f"curl: ({number}) {library.curl_easy_strerror(number).decode()}" for number in range(1, 100)]


def openssl(language: str) -> Iterable[str]:
    """Return the reasons of TLS, and those for which a certificate is not taken."""
    _library("libssl.so.3").OPENSSL_init_ssl(ctypes.c_uint64(_LOAD_SSL_STRINGS), None)
    library = _library("libcrypto.so.3", "ERR_reason_error_string", "X509_verify_cert_error_string")
    reasons = (library.ERR_reason_error_string(ctypes.c_ulong(_SSL_LIBRARY | n)) for n in range(100, 1200))
    refused = (library.X509_verify_cert_error_string(ctypes.c_long(n)) for n in range(1, 110))
    return [
        *(f"SSL routines::{reason.decode()}" for reason in reasons if reason),
        *(f"certificate verify failed: {reason.decode()}" for reason in refused),
    ]


def gnutls(language: str) -> Iterable[str]:
    library = _library("libgnutls.so.30", "gnutls_strerror", "gnutls_strerror_name")
    in_language = _translated("gnutls30")
    numbers = [-n for n in range(1, 500) if library.gnutls_strerror_name(-n)]
    return [in_language(library.gnutls_strerror(number).decode(), language) for number in numbers]


def network(language: str) -> Iterable[str]:
    """Return what the system says of connections and names."""
    in_language = _translated("libc")
    library = _library("libc.so.6", "gai_strerror")
    of_connections = [os.strerror(number) for number in _NETWORK]
    return [
        in_language(text, language)
        for text in (*of_connections, *(library.gai_strerror(-number).decode() for number in _NAMES))
    ]


# By the file of the catalogue that has their texts.
SOURCES: Mapping[str, Callable[[str], Iterable[str]]] = MappingProxyType(
    {one.__name__: one for one in (curl, fetchmail, getmail, gnutls, mpop, msmtp, network, openssl, python)}
)
# Those that speak German, too.
GERMAN = ("gnutls", "mpop", "msmtp", "network")
