"""Autodiscover (MS-OXDSCLI section 2.2.4): POP3 and SMTP, for Outlook and compatible programs.

Outlook asks Microsoft's cloud first and prefers IMAP. The format has no retention. `SPA`, `SSL` and `AuthRequired`
default to on, so all are explicit; `Encryption` overrides `SSL`.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from webapp.core.account import MailAccount, Server, SocketType
from webapp.core.providers import Provider, find
from webapp.core.text import InputError
from webapp.web.discovery.answer import NOT_ALLOWED_POST, Answer, made, refusal

BODY_MAX = 16 * 1024
LENGTH_DIGITS_MAX = 12  # int() takes time, or raises, for thousands
MEDIA_TYPE = "text/xml; charset=utf-8"

REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
ENVELOPE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
SETTINGS = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"

MOBILE = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"
MOBILE_SETTINGS = f"{MOBILE}responseschema/2006"

_ENCRYPTION = {SocketType.SSL: "SSL", SocketType.STARTTLS: "TLS"}


def _error(status: str, code: int, message: str) -> Answer:
    """Section 2.2.4.1.1.1: an error response without any input in it."""
    root = ET.Element("Autodiscover", xmlns=ENVELOPE)
    error = ET.SubElement(ET.SubElement(root, "Response"), "Error")
    ET.SubElement(error, "ErrorCode").text = str(code)
    ET.SubElement(error, "Message").text = message
    ET.SubElement(error, "DebugData")
    return made(status, ET.tostring(root, encoding="utf-8", xml_declaration=True), MEDIA_TYPE)


INVALID_REQUEST = _error("400 Bad Request", 600, "Invalid request")
OTHER_SCHEMA = _error("400 Bad Request", 601, "The requested schema version is not supported")


def _no_mobile_sync() -> Answer:
    """MS-ASCMD section 2.2.3.64: an error in the format of ActiveSync, which new Outlook asks in. No input in it."""
    root = ET.Element("Autodiscover", xmlns=ENVELOPE)
    action = ET.SubElement(ET.SubElement(root, "Response", xmlns=MOBILE_SETTINGS), "Action")
    error = ET.SubElement(action, "Error")
    ET.SubElement(error, "Status").text = "2"
    ET.SubElement(error, "Message").text = "This mailbox has POP3 and SMTP, no ActiveSync."
    ET.SubElement(error, "DebugData")
    return made("200 OK", ET.tostring(root, encoding="utf-8", xml_declaration=True), MEDIA_TYPE)


NO_MOBILE_SYNC = _no_mobile_sync()
UNKNOWN_ADDRESS = _error("404 Not Found", 500, "The e-mail address cannot be found")
TOO_LARGE = refusal("413 Content Too Large", "The question is too long.")


def answer(providers: Mapping[str, Provider], environ: Mapping[str, Any]) -> Answer:
    if environ["REQUEST_METHOD"] != "POST":
        return NOT_ALLOWED_POST
    body = _body(environ)
    if body is None:
        return TOO_LARGE
    asked = _asked(body)
    if isinstance(asked, Answer):
        return asked
    try:
        finding = find(asked, providers)
    except InputError:
        return INVALID_REQUEST
    if not finding.providers:
        return UNKNOWN_ADDRESS
    return made("200 OK", _document(finding.providers[0].account(finding.address)), MEDIA_TYPE)


def _body(environ: Mapping[str, Any]) -> bytes | None:
    """Return the body, or None if it is too long."""
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH") or ""
    if length:
        if not length.isdecimal() or len(length) > LENGTH_DIGITS_MAX or int(length) > BODY_MAX:
            return None
        body: bytes = stream.read(int(length))
        return body
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = stream.read(BODY_MAX + 1)
    return body if len(body) <= BODY_MAX else None


def _asked(body: bytes) -> str | Answer:
    """Return the address in a request (section 2.2.4.2), or an error response."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: unknown encoding
        return INVALID_REQUEST
    request = root.find(f"{{{REQUEST}}}Request")
    if request is None:
        if root.find(f"{{{MOBILE}requestschema/2006}}Request") is not None:
            return NO_MOBILE_SYNC
        return OTHER_SCHEMA if root.find("{*}Request") is not None else INVALID_REQUEST
    schema = request.findtext(f"{{{REQUEST}}}AcceptableResponseSchema", "").strip()
    if schema.lower() == MOBILE_SETTINGS:
        return NO_MOBILE_SYNC
    if schema.lower() != SETTINGS:
        return OTHER_SCHEMA if schema else INVALID_REQUEST
    address: str = request.findtext(f"{{{REQUEST}}}EMailAddress", "").strip()
    return address or INVALID_REQUEST


def _document(account: MailAccount) -> bytes:
    root = ET.Element("Autodiscover", xmlns=ENVELOPE)
    settings = ET.SubElement(ET.SubElement(root, "Response", xmlns=SETTINGS), "Account")
    ET.SubElement(settings, "AccountType").text = "email"
    ET.SubElement(settings, "Action").text = "settings"
    _protocol(settings, "POP3", account.incoming, account.username)
    outgoing = _protocol(settings, "SMTP", account.outgoing, account.username)
    ET.SubElement(outgoing, "UsePOPAuth").text = "on"  # the same name and password for sending
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _protocol(settings: ET.Element, kind: str, server: Server, login_name: str) -> ET.Element:
    protocol = ET.SubElement(settings, "Protocol")
    for name, value in (
        ("Type", kind),
        ("Server", server.hostname),
        ("Port", str(server.port)),
        ("DomainRequired", "off"),
        ("LoginName", login_name),
        ("SPA", "off"),
        ("SSL", "on"),
        ("Encryption", _ENCRYPTION[server.socket_type]),
        ("AuthRequired", "on"),
    ):
        ET.SubElement(protocol, name).text = value
    return protocol
