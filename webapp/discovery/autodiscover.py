"""Autodiscover (MS-OXDSCLI section 2.2.4): POP3 and SMTP, for programs that ask Outlook's way.

Outlook asks Microsoft's cloud first and prefers IMAP; other programs ask here too. The format cannot say what stays on
the server. `SPA`, `SSL` and `AuthRequired` default to on, so each is written; `Encryption` overrides `SSL`.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from webapp.account import MailAccount, Server, SocketType
from webapp.discovery.answer import NOT_ALLOWED_POST, Answer, made, refusal
from webapp.providers import Provider, find
from webapp.text import InputError

BODY_MAX = 16 * 1024
MEDIA_TYPE = "text/xml; charset=utf-8"

REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
ENVELOPE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
SETTINGS = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"

_ENCRYPTION = {SocketType.SSL: "SSL", SocketType.STARTTLS: "TLS"}
_LOGIN_NAME = "login-name-goes-here"


def _error(status: str, code: int, message: str) -> Answer:
    """Section 2.2.4.1.1.1: an error in the format of the answer, without a word of the question."""
    root = ET.Element("Autodiscover", xmlns=ENVELOPE)
    error = ET.SubElement(ET.SubElement(root, "Response"), "Error")
    ET.SubElement(error, "ErrorCode").text = str(code)
    ET.SubElement(error, "Message").text = message
    ET.SubElement(error, "DebugData")
    return made(status, ET.tostring(root, encoding="utf-8", xml_declaration=True), MEDIA_TYPE)


INVALID_REQUEST = _error("400 Bad Request", 600, "Invalid request")
OTHER_SCHEMA = _error("400 Bad Request", 601, "The requested schema version is not supported")
UNKNOWN_ADDRESS = _error("404 Not Found", 500, "The e-mail address cannot be found")
TOO_LARGE = refusal("413 Content Too Large", "The question is too long.")


class Autodiscover:
    """Answers with the settings of the address in the question."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._providers = providers
        self._kept: dict[str, bytes] = {}  # by provider: the settings, with a place for the login name

    def __call__(self, environ: Mapping[str, Any]) -> Answer:
        if environ["REQUEST_METHOD"] != "POST":
            return NOT_ALLOWED_POST
        body = _body(environ)
        if body is None:
            return TOO_LARGE
        asked = _asked(body)
        if isinstance(asked, Answer):
            return asked
        try:
            finding = find(asked, self._providers)
        except InputError:
            return INVALID_REQUEST
        if not finding.providers:
            return UNKNOWN_ADDRESS
        provider = finding.providers[0]
        if provider.id not in self._kept:
            self._kept[provider.id] = _document(provider.account(finding.address))
        content = self._kept[provider.id].replace(_LOGIN_NAME.encode(), escape(finding.address).encode())
        return made("200 OK", content, MEDIA_TYPE)


def _body(environ: Mapping[str, Any]) -> bytes | None:
    """Return the body, or None where it is too long."""
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH") or ""
    if length:
        if not length.isdecimal() or int(length) > BODY_MAX:
            return None
        body: bytes = stream.read(int(length))
        return body
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = stream.read(BODY_MAX + 1)
    return body if len(body) <= BODY_MAX else None


def _asked(body: bytes) -> str | Answer:
    """Return the address in a question (section 2.2.4.2), or why it cannot be answered."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an unknown encoding
        return INVALID_REQUEST
    request = root.find(f"{{{REQUEST}}}Request")
    if request is None:
        return OTHER_SCHEMA if root.find("{*}Request") is not None else INVALID_REQUEST
    schema = request.findtext(f"{{{REQUEST}}}AcceptableResponseSchema", "").strip()
    if schema.lower() != SETTINGS:
        return OTHER_SCHEMA if schema else INVALID_REQUEST
    address: str = request.findtext(f"{{{REQUEST}}}EMailAddress", "").strip()
    return address or INVALID_REQUEST


def _document(account: MailAccount) -> bytes:
    root = ET.Element("Autodiscover", xmlns=ENVELOPE)
    settings = ET.SubElement(ET.SubElement(root, "Response", xmlns=SETTINGS), "Account")
    ET.SubElement(settings, "AccountType").text = "email"
    ET.SubElement(settings, "Action").text = "settings"
    _protocol(settings, "POP3", account.incoming)
    outgoing = _protocol(settings, "SMTP", account.outgoing)
    ET.SubElement(outgoing, "UsePOPAuth").text = "on"  # the same name and password for sending
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _protocol(settings: ET.Element, kind: str, server: Server) -> ET.Element:
    protocol = ET.SubElement(settings, "Protocol")
    for name, value in (
        ("Type", kind),
        ("Server", server.hostname),
        ("Port", str(server.port)),
        ("DomainRequired", "off"),
        ("LoginName", _LOGIN_NAME),
        ("SPA", "off"),
        ("SSL", "on"),
        ("Encryption", _ENCRYPTION[server.socket_type]),
        ("AuthRequired", "on"),
    ):
        ET.SubElement(protocol, name).text = value
    return protocol
