"""Published schemas of the formats as tables, and checkers.

A checker returns complaints, so that tests can also show that it finds faults.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from tests.support.readers import read_prf

OPTIONAL, REQUIRED, NEVER = "optional", "required", "never"  # never: in the schema, but not for us
AUTHENTICATION = ("EmailAuthNone", "EmailAuthPassword", "EmailAuthCRAMMD5", "EmailAuthNTLM", "EmailAuthHTTPMD5")


@dataclass(frozen=True)
class Key:
    """A key of a property list: type, presence, allowed values (none: any)."""

    type: type
    presence: str = OPTIONAL
    values: tuple[Any, ...] = ()


# apple/device-management, mdm/profiles/CommonPayloadKeys.yaml
COMMON = {
    "PayloadType": Key(str, REQUIRED),
    "PayloadVersion": Key(int, REQUIRED, (1,)),
    "PayloadIdentifier": Key(str, REQUIRED),
    "PayloadUUID": Key(str, REQUIRED),
    "PayloadDisplayName": Key(str),
    "PayloadDescription": Key(str),
    "PayloadOrganization": Key(str),
}

# mdm/profiles/TopLevel.yaml
TOP_LEVEL = COMMON | {
    "PayloadType": Key(str, REQUIRED, ("Configuration",)),
    "PayloadContent": Key(list, REQUIRED),
    "PayloadScope": Key(str, OPTIONAL, ("User", "System")),
    "PayloadRemovalDisallowed": Key(bool, OPTIONAL, (False,)),
    "TargetDeviceType": Key(int, OPTIONAL, (0, 1, 2, 3, 4, 5)),
    "IsEncrypted": Key(bool, NEVER),
    "EncryptedPayloadContent": Key(bytes, NEVER),
    "HasRemovalPasscode": Key(bool, NEVER),
    "RemovalDate": Key(object, NEVER),
    "DurationUntilRemoval": Key(float, NEVER),
    "PayloadExpirationDate": Key(object, NEVER),
    "ConsentText": Key(dict, NEVER),
}

# mdm/profiles/com.apple.mail.managed.yaml, schema 26.0
MAIL = (
    COMMON
    | {
        "PayloadType": Key(str, REQUIRED, ("com.apple.mail.managed",)),
        "EmailAccountType": Key(str, REQUIRED, ("EmailTypeIMAP", "EmailTypePOP")),
        "EmailAccountDescription": Key(str),
        "EmailAccountName": Key(str),
        "EmailAddress": Key(str),
        "OutgoingPasswordSameAsIncomingPassword": Key(bool),
        "PreventMove": Key(bool),
        "PreventAppSheet": Key(bool),
        "disableMailRecentsSyncing": Key(bool),
        "allowMailDrop": Key(bool),
        "SMIMESigningUserOverrideable": Key(bool),
        "SMIMESigningCertificateUUIDUserOverrideable": Key(bool),
        "SMIMEEncryptByDefaultUserOverrideable": Key(bool),
        "SMIMEEncryptionCertificateUUIDUserOverrideable": Key(bool),
        "SMIMEEnableEncryptionPerMessageSwitch": Key(bool),
        "IncomingPassword": Key(str, NEVER),
        "OutgoingPassword": Key(str, NEVER),
        "IncomingMailServerIMAPPathPrefix": Key(str, NEVER),
        "SMIMEEnabled": Key(bool, NEVER),
        "SMIMEEnablePerMessageSwitch": Key(bool, NEVER),
        "SMIMESigningEnabled": Key(bool, NEVER),
        "SMIMESigningCertificateUUID": Key(str, NEVER),
        "SMIMEEncryptionEnabled": Key(bool, NEVER),
        "SMIMEEncryptByDefault": Key(bool, NEVER),
        "SMIMEEncryptionCertificateUUID": Key(str, NEVER),
        "VPNUUID": Key(str, NEVER),
    }
    | {
        f"{side}MailServer{name}": key
        for side in ("Incoming", "Outgoing")
        for name, key in {
            "HostName": Key(str, REQUIRED),
            "PortNumber": Key(int, OPTIONAL),
            "UseSSL": Key(bool, OPTIONAL, (True,)),  # false is in the schema: plain text
            "Authentication": Key(str, REQUIRED, AUTHENTICATION),
            "Username": Key(str),
        }.items()
    }
)

PLIST_HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
    b'<plist version="1.0">\n'
)
PLIST_ELEMENTS = {"plist", "dict", "array", "key", "string", "integer", "true", "false"}


def profile_complaints(content: bytes) -> list[str]:
    """Return the faults of an Apple profile for one POP account."""
    return [*_plist_file(content), *_profile(_plist_value(etree.fromstring(content)[0]))]


def _plist_file(content: bytes) -> Iterator[str]:
    if not content.startswith(PLIST_HEAD):
        yield "head"
    if b"<!" in content.replace(b"<!DOCTYPE plist PUBLIC", b"", 1):
        yield "declaration"
    root = etree.fromstring(content)
    for node in root.iter():
        if not isinstance(node.tag, str) or node.tag not in PLIST_ELEMENTS:
            yield f"element {node.tag}"
        if node.tag == "dict":
            keys = [child.text for child in node if child.tag == "key"]
            yield from (f"{key} twice" for key in sorted({key or "" for key in keys if keys.count(key) > 1}))
    text = content.decode()
    if match := re.search("[\x00-\x08\x0b-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|%\\(|\\{\\{|%s", text):
        yield f"character or residue of a template: {match[0]!r}"


def _plist_value(node: etree._Element) -> Any:
    """Parse a property list without plistlib, which hides duplicate keys."""
    match node.tag:
        case "dict":
            children = list(node)
            return {key.text: _plist_value(value) for key, value in zip(children[::2], children[1::2], strict=True)}
        case "array":
            return [_plist_value(child) for child in node]
        case "integer":
            return int(node.text or "")
        case "true" | "false":
            return node.tag == "true"
        case "real":
            return float(node.text or "")
        case _:
            return node.text or ""


def _profile(profile: Mapping[str, Any]) -> Iterator[str]:
    yield from _against(profile, TOP_LEVEL)
    payloads = profile.get("PayloadContent", [])
    if len(payloads) != 1:
        yield "not one payload"
        return
    (payload,) = payloads
    yield from _against(payload, MAIL)
    if payload.get("EmailAccountType") != "EmailTypePOP":
        yield "no POP account"
    identifiers = [part.get("PayloadUUID", "") for part in (profile, payload)]
    if len(set(identifiers)) != 2:
        yield "PayloadUUID twice"
    for text in identifiers:
        if not re.fullmatch(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}", text) or uuid.UUID(text).version != 5:
            yield f"PayloadUUID {text}"
    names = [str(part.get("PayloadIdentifier", "")) for part in (profile, payload)]
    if len(set(names)) != 2 or any(not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", name) for name in names):
        yield "PayloadIdentifier"
    if any(name.startswith(("com.apple", "net.gmx")) or "@" in name for name in names):
        yield "PayloadIdentifier of somebody else"
    if not {"IncomingMailServerPortNumber", "OutgoingMailServerPortNumber"} <= set(payload):
        yield "a port is guessed"
    if not {"IncomingMailServerUseSSL", "OutgoingMailServerUseSSL"} <= set(payload):
        yield "no encryption"


def _against(values: Mapping[str, Any], schema: Mapping[str, Key]) -> Iterator[str]:
    for name, value in values.items():
        key = schema.get(name)
        if key is None:
            yield f"{name}: not in the schema"
        elif key.presence == NEVER:
            yield f"{name}: not for us"
        elif type(value) is not key.type:
            yield f"{name}: {type(value).__name__}"
        elif key.values and value not in key.values:
            yield f"{name}: {value}"
    yield from (f"{n}: missing" for n, key in schema.items() if key.presence == REQUIRED and n not in values)


# Outlook: label → type, property id, and a pattern of its values. Microsoft, office-developer-client-docs, prop_*.md
TEXT = r"[!#$&-:<-~]+(?: [!#$&-:<-~]+)*"  # printable ASCII without quotes, % and ;
HOST = r"[a-z0-9-]+(?:\.[a-z0-9-]+)+"
NUMBER = r"(?:[0-9]+|0x[0-9A-F]+)"
PRF_MAP = {
    "AccountName": ("PT_UNICODE", 0x0002, TEXT),
    "DisplayName": ("PT_UNICODE", 0x000B, TEXT),
    "EmailAddress": ("PT_UNICODE", 0x000C, TEXT),
    "ConnectionType": ("PT_LONG", 0x000F, "0"),
    "ConnectionOID": ("PT_UNICODE", 0x0010, TEXT),
    "POP3Server": ("PT_UNICODE", 0x0100, HOST),
    "POP3UserName": ("PT_UNICODE", 0x0101, TEXT),
    "ReplyEmailAddress": ("PT_UNICODE", 0x0103, TEXT),
    "POP3Port": ("PT_LONG", 0x0104, NUMBER),
    "POP3UseSSL": ("PT_LONG", 0x0105, "1"),
    "Organization": ("PT_UNICODE", 0x0107, TEXT),
    "POP3UseSPA": ("PT_LONG", 0x0108, "0"),
    "SMTPServer": ("PT_UNICODE", 0x0200, HOST),
    "SMTPPort": ("PT_LONG", 0x0201, NUMBER),
    "SMTPUseSSL": ("PT_LONG", 0x0202, "[01]"),
    "SMTPUseAuth": ("PT_LONG", 0x0203, "1"),
    "SMTPUserName": ("PT_UNICODE", 0x0204, TEXT),
    "SMTPUseSPA": ("PT_LONG", 0x0207, "0"),
    "SMTPAuthMethod": ("PT_LONG", 0x0208, "0"),
    "ServerTimeOut": ("PT_LONG", 0x0209, NUMBER),
    "SMTPSecureConnection": ("PT_LONG", 0x020A, "[12]"),
    "LeaveOnServer": ("PT_LONG", 0x1000, NUMBER),
}
PRF_CONTROL = {"UniqueService": "No", "DefaultAccount": "TRUE|FALSE"}  # of the section, not the account
PRF_GENERAL = {
    "Custom": "1",
    "ProfileName": "[A-Za-z0-9_ ]{1,64}",
    "DefaultProfile": "Yes",
    "OverwriteProfile": "Append",  # Yes would replace the profile in use
    "ModifyDefaultProfileIfPresent": "TRUE|FALSE",
    "BackupProfile": "No",
}
PRF_SECTIONS = {
    "General", "Service List", "Internet Account List", "Account1", "Microsoft Exchange Server",
    "Exchange Global Section", "Unicode Personal Folders", "Outlook Address Book", "Microsoft Outlook Client", "I_Mail",
}  # fmt: skip


def prf_complaints(content: bytes, keep: str) -> list[str]:
    """Return the faults of an Outlook profile file with retention `keep`."""
    try:
        read = read_prf(content)
    except (AssertionError, UnicodeDecodeError):
        return ["bytes, sections or keys"]
    return [*_prf_frame(read), *_prf_account(read.get("Account1", {}), keep), *_prf_map(dict(read.get("I_Mail", {})))]


def _prf_frame(read: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    own = read.get("General", {}).get("ModifyDefaultProfileIfPresent") == "FALSE"
    if set(read) != PRF_SECTIONS | ({"Service1"} if own else set()):
        yield "sections"
    yield from _patterns(read.get("General", {}), PRF_GENERAL)
    if set(read.get("General", {})) != set(PRF_GENERAL):
        yield "General"
    if dict(read.get("Internet Account List", {})) != {"Account1": "I_Mail"}:
        yield "Internet Account List"
    # No store: with one, the account has no delivery location.
    if dict(read.get("Service List", {})) != ({"Service1": "Outlook Address Book"} if own else {}):
        yield "Service List"


def _prf_account(account: Mapping[str, str], keep: str) -> Iterator[str]:
    yield from _patterns(account, {name: pattern for name, (_, _, pattern) in PRF_MAP.items()} | PRF_CONTROL)
    security = {"465": ("1", "1"), "587": ("0", "2")}.get(account.get("SMTPPort", ""))
    if (account.get("SMTPUseSSL"), account.get("SMTPSecureConnection")) != security:
        yield "port and encryption disagree"
    bits = 0 if keep == "delete" else 1 if keep == "forever" else 1 + 2 + (int(keep) << 16)
    if int(account.get("LeaveOnServer", "-1"), 0) != bits:
        yield "LeaveOnServer"


def _prf_map(mapped: dict[str, str]) -> Iterator[str]:
    if mapped.pop("AccountType", None) != "POP3":
        yield "AccountType"
    expected = {name: f"{kind},0x{tag:04X}" for name, (kind, tag, _) in PRF_MAP.items()}
    yield from (f"{name}: {mapped.get(name)}" for name in sorted(set(expected) | set(mapped))
                if mapped.get(name) != expected.get(name))  # fmt: skip


def _patterns(values: Mapping[str, str], patterns: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        if name not in patterns:
            yield f"{name}: has no line in the map"
        elif not re.fullmatch(patterns[name], value):
            yield f"{name}: {value}"


# autoconfig: the grammar of benbucksch/autoconfig-spec without its "must ignore" (we write nothing to be ignored), and
# Thunderbird's <pop3>, which it leaves to extensions
AUTOCONFIG = etree.RelaxNG(
    etree.fromstring("""
<element name="clientConfig" xmlns="http://relaxng.org/ns/structure/1.0"
         datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  <attribute name="version"><choice><value>1.1</value><value>1.2</value></choice></attribute>
  <element name="emailProvider">
    <attribute name="id"><data type="string"><param name="pattern">[a-z0-9\\-]+(\\.[a-z0-9\\-]+)+</param></data></attribute>
    <oneOrMore><element name="domain"><data type="string"><param name="minLength">3</param></data></element></oneOrMore>
    <element name="displayName"><text/></element>
    <element name="displayShortName"><text/></element>
    <element name="incomingServer">
      <attribute name="type"><value>pop3</value></attribute>
      <element name="hostname"><data type="string"><param name="pattern">[a-z0-9\\-]+(\\.[a-z0-9\\-]+)+</param></data></element>
      <element name="port"><data type="unsignedShort"><param name="minInclusive">1</param></data></element>
      <element name="socketType"><choice><value>SSL</value><value>STARTTLS</value></choice></element>
      <element name="username"><choice><value>%EMAILADDRESS%</value><value>%EMAILLOCALPART%</value></choice></element>
      <element name="authentication"><value>password-cleartext</value></element>
      <element name="pop3">
        <interleave>
          <element name="leaveMessagesOnServer"><data type="boolean"><param name="pattern">true|false</param></data></element>
          <element name="downloadOnBiff"><data type="boolean"><param name="pattern">true|false</param></data></element>
          <optional><element name="checkInterval"><attribute name="minutes"><data type="positiveInteger"/></attribute></element></optional>
          <optional><element name="daysToLeaveMessagesOnServer"><data type="positiveInteger"/></element></optional>
        </interleave>
      </element>
    </element>
    <element name="outgoingServer">
      <attribute name="type"><value>smtp</value></attribute>
      <element name="hostname"><data type="string"><param name="pattern">[a-z0-9\\-]+(\\.[a-z0-9\\-]+)+</param></data></element>
      <element name="port"><data type="unsignedShort"><param name="minInclusive">1</param></data></element>
      <element name="socketType"><choice><value>SSL</value><value>STARTTLS</value></choice></element>
      <element name="username"><choice><value>%EMAILADDRESS%</value><value>%EMAILLOCALPART%</value></choice></element>
      <element name="authentication"><value>password-cleartext</value></element>
    </element>
    <zeroOrMore>
      <choice>
        <element name="enable"><attribute name="visiturl"/><oneOrMore><element name="instruction"><optional><attribute name="lang"/></optional><text/></element></oneOrMore></element>
        <element name="documentation"><attribute name="url"/><zeroOrMore><element name="descr"><optional><attribute name="lang"/></optional><text/></element></zeroOrMore></element>
      </choice>
    </zeroOrMore>
  </element>
</element>""")
)


def autoconfig_complaints(content: bytes) -> list[str]:
    """Return the faults of a config-v1.1.xml by the grammar."""
    if content.startswith(b"\xef\xbb\xbf"):
        return ["byte-order mark"]
    root = etree.fromstring(content)
    if AUTOCONFIG.validate(root):
        return []
    return [str(error.message) for error in AUTOCONFIG.error_log]
