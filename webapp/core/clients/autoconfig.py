"""The document of Mail Autoconfig 1.2 (draft-ietf-mailmaint-autoconfig-06, 28 June 2026): one POP3 account.

Read by Thunderbird, KMail, Evolution, FairEmail, Delta Chat and others, from the well-known addresses of a domain. It
holds placeholders instead of an address, so one document serves a whole domain.
"""

import xml.etree.ElementTree as ET

from webapp.core.account import MailAccount, Server, Username
from webapp.core.text import N_, Message, locales, translations_for

MEDIA_TYPE = "text/xml; charset=utf-8"
DAYS_FOREVER = 36_500  # a hundred years: the format cannot switch Thunderbird's deletion by age off

_SWITCH = N_("POP3 must be switched on first: log in at %(website)s on a computer and allow POP3 and IMAP access.")


def document(account: MailAccount) -> bytes:
    root = ET.Element("clientConfig", version="1.2")
    provider = ET.SubElement(root, "emailProvider", id=account.provider_id)
    ET.SubElement(provider, "domain").text = account.email_address.partition("@")[2]
    name = account.provider_name or account.provider_id
    ET.SubElement(provider, "displayName").text = name
    ET.SubElement(provider, "displayShortName").text = name
    incoming = _server(provider, "incomingServer", account.incoming, account.login)
    pop3 = ET.SubElement(incoming, "pop3")
    retention = account.retention
    ET.SubElement(pop3, "leaveMessagesOnServer").text = str(retention.leave_messages_on_server).lower()
    ET.SubElement(pop3, "downloadOnBiff").text = "true"
    if account.minutes_between_fetches:
        ET.SubElement(pop3, "checkInterval", minutes=str(account.minutes_between_fetches))
    if retention.leave_messages_on_server:
        days = retention.days_to_leave_messages_on_server or DAYS_FOREVER
        ET.SubElement(pop3, "daysToLeaveMessagesOnServer").text = str(days)
    _server(provider, "outgoingServer", account.outgoing, account.login)
    if account.needs_activation:
        _enable(provider, account)
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return content + b"\n"


def _server(parent: ET.Element, element: str, server: Server, login: Username) -> ET.Element:
    node = ET.SubElement(parent, element, type=server.type.value)
    for name, value in (
        ("hostname", server.hostname),
        ("port", str(server.port)),
        ("socketType", server.socket_type.value),
        ("username", login.value),
        ("authentication", server.authentication),
    ):
        ET.SubElement(node, name).text = value
    return node


def _enable(provider: ET.Element, account: MailAccount) -> None:
    """Add how to switch POP3 on, in every language. Thunderbird ignores it."""
    enable = ET.SubElement(provider, "enable", visiturl=f"https://{account.provider_website}/")
    message = Message(_SWITCH, {"website": account.provider_website})
    for locale in locales():
        ET.SubElement(enable, "instruction", lang=locale).text = message.translated(translations_for(locale))
