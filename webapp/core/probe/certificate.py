"""Facts about TLS and certificates for the report, taken from a handshake."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Any

from webapp.core.probe.report import FailureKind

NAMES_MAX = 10

# As `SSLSocket.getpeercert` and `get_info` return it.
Certificate = Mapping[str, Any]


def facts(connection: ssl.SSLSocket) -> dict[str, str | int | bool | list[str]]:
    """Return TLS version, cipher and the server's certificate of a verified connection."""
    cipher = connection.cipher()
    return {
        "version": connection.version() or "",
        "cipher": cipher[0] if cipher else "",
        **certificate_facts(connection.getpeercert() or {}),
    }


def certificate_facts(certificate: Certificate) -> dict[str, str | int | bool | list[str]]:
    """Return subject, issuer, names, expiry date and days left (negative after expiry)."""
    if not certificate:
        return {}
    names = [str(value) for kind, value in certificate.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    found: dict[str, str | int | bool | list[str]] = {
        "subject": _name(certificate.get("subject", ())),
        "issuer": _name(certificate.get("issuer", ())),
        "names": names[:NAMES_MAX],
    }
    if "notAfter" in certificate:
        end = ssl.cert_time_to_seconds(certificate["notAfter"])
        found["not_after"] = time.strftime("%Y-%m-%d", time.gmtime(end))
        found["days_left"] = int((end - time.time()) // 86400)
    return found


def presented(connection: ssl.SSLSocket) -> list[Certificate]:
    """Return the certificates a server sent, leaf first, after an unverified handshake; [] before Python 3.10.

    By a private object, because `getpeercert` returns nothing that was not verified.
    """
    inner = getattr(connection, "_sslobj", None)
    chain = getattr(inner, "get_unverified_chain", lambda: None)()
    return [certificate.get_info() for certificate in chain or ()]


def explain_untrusted(chain: Sequence[Certificate]) -> FailureKind:
    """Tell an unknown authority from a missing intermediate certificate.

    A server should send every certificate but the root (RFC 8446 section 4.4.2). A leaf sent alone that is not
    self-signed and names its issuer's URL (RFC 5280 section 4.2.2.1) lacks its intermediate.
    """
    if not chain:
        return FailureKind.CERTIFICATE_UNTRUSTED
    own, *others = chain
    if own["subject"] == own["issuer"]:
        return FailureKind.CERTIFICATE_SELF_SIGNED
    issuer_sent = any(other["subject"] == own["issuer"] for other in others)
    if not issuer_sent and own.get("caIssuers"):
        return FailureKind.CERTIFICATE_CHAIN_INCOMPLETE
    return FailureKind.CERTIFICATE_UNTRUSTED


def _name(parts: Sequence[Sequence[tuple[str, str]]]) -> str:
    """Return the common name, else the organisation, of a distinguished name."""
    values = dict(pair for part in parts for pair in part)
    return values.get("commonName") or values.get("organizationalUnitName") or values.get("organizationName") or ""
