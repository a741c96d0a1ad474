"""The document of Mail Autoconfig 1.1 (draft-ietf-mailmaint-autoconfig-06, 28 June 2026): one POP3 account.

Read by Thunderbird, KMail, Evolution, FairEmail, Delta Chat and others, from the well-known addresses of a domain. It
holds placeholders and no address, so all people of a domain get the same bytes.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from webapp.account import MailAccount, Server
from webapp.text import N_, Message, locales, translations_for

MEDIA_TYPE = "text/xml; charset=utf-8"
DAYS_FOREVER = 36_500  # a hundred years: Thunderbird's deletion by age cannot be switched off from here

_SWITCH = N_("POP3 must be switched on first: log in at %(website)s on a computer and allow POP3 and IMAP access.")


def document(account: MailAccount) -> bytes:
    """Return the document for `account`: the server for receiving, what stays there, the server for sending."""
    root = ET.Element("clientConfig", version="1.1")
    provider = ET.SubElement(root, "emailProvider", id=account.provider_id)
    ET.SubElement(provider, "domain").text = account.email_address.partition("@")[2]
    name = account.provider_name or account.provider_id
    ET.SubElement(provider, "displayName").text = name
    ET.SubElement(provider, "displayShortName").text = name
    incoming = _server(provider, "incomingServer", account.incoming)
    pop3 = ET.SubElement(incoming, "pop3")
    retention = account.retention
    ET.SubElement(pop3, "leaveMessagesOnServer").text = str(retention.leave_messages_on_server).lower()
    ET.SubElement(pop3, "downloadOnBiff").text = "true"
    if retention.leave_messages_on_server:
        days = retention.days_to_leave_messages_on_server or DAYS_FOREVER
        ET.SubElement(pop3, "daysToLeaveMessagesOnServer").text = str(days)
    _server(provider, "outgoingServer", account.outgoing)
    if account.provider_website:
        _enable(provider, account)
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return content + b"\n"


def _server(parent: ET.Element, element: str, server: Server) -> ET.Element:
    node = ET.SubElement(parent, element, type=server.type.value)
    for name, value in (
        ("hostname", server.hostname),
        ("port", str(server.port)),
        ("socketType", server.socket_type.value),
        ("username", "%EMAILADDRESS%"),
        ("authentication", server.authentication),
    ):
        ET.SubElement(node, name).text = value
    return node


def _enable(provider: ET.Element, account: MailAccount) -> None:
    """Say what a person must do first, in every language. Thunderbird ignores it; others may show it."""
    enable = ET.SubElement(provider, "enable", visiturl=f"https://{account.provider_website}/")
    message = Message(_SWITCH, {"website": account.provider_website})
    for locale in locales():
        ET.SubElement(enable, "instruction", lang=locale).text = message.translated(translations_for(locale))
