"""Apple Mail on macOS, iOS and iPadOS: a configuration profile.

Keys and types: apple/device-management, com.apple.mail.managed.yaml and TopLevel.yaml (schema 26.0). Identifiers depend
on the operator's host and the address alone, so that installing the profile again replaces the account instead of
removing it together with the mail that POP has fetched.
"""

from __future__ import annotations

import hashlib
import plistlib
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape

from webapp.account import KEEP_FOREVER, MailAccount, Server
from webapp.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.text import N_, InputError, Message, translations_for

_TARGET_DEVICE = {"iphone": 1, "mac": 5}  # without it, a device that knows several asks for which one

# Marks in a template, in characters for private use, which stand in no address and no name.
_MARKS = _ADDRESS, _NAME, _IDENTIFIER, _PROFILE_UUID, _MAIL_UUID = tuple(f"\ue000{letter}\ue001" for letter in "animu")


_DELETES_UNASKED = N_(
    "Mail on the Mac deletes mail at GMX after about 7 days without asking. Switch that off before it "
    "fetches mail for the first time."
)


class AppleMail(Client):
    id = "apple-mail"
    name = "Apple Mail"
    systems = ("macos", "ios")
    formats = ("mobileconfig",)
    notes_in_guide = True
    # On either device: what both can do.
    keeps = Keeping(SetBy.PERSON, SetBy.PERSON, numbers=(7,), warning=_DELETES_UNASKED)
    _keeps = MappingProxyType(
        {
            "mac": Keeping(
                SetBy.PERSON,
                SetBy.PERSON,
                SetBy.PERSON,
                numbers=(30, 7),  # “After one month”, “After one week”
                way=N_("Mail › Settings… › Accounts › GMX › Account Information"),
                warning=_DELETES_UNASKED,
            ),
            "iphone": Keeping(
                SetBy.PROGRAM,
                SetBy.PERSON,
                numbers=(7,),  # “Seven days”
                way=N_("Settings › Apps › Mail › Mail Accounts › GMX › Account › Advanced › Delete from server"),
            ),
        }
    )

    def keeping(self, device: str | None = None) -> Keeping:
        return self._keeps.get(device or "", self.keeps)

    def writers(self) -> dict[str, Callable[[MailAccount, ExportOptions], Export]]:
        return {"mobileconfig": _mobileconfig}


def identifier(host: str, address: str) -> str:
    """Return the profile's identifier: the reversed host, and a hash in the place of the address."""
    tag = hashlib.sha256(address.encode()).hexdigest()[:16]
    return ".".join([*reversed(host.lower().split(".")), "gmx", "pop", tag])


@lru_cache(16)
def _namespace(host: str) -> bytes:
    return uuid.uuid5(uuid.NAMESPACE_DNS, host.lower()).bytes


def _uuid(host: str, kind: str, address: str) -> str:
    """Return a UUID of version 5, RFC 9562 section 5.5, in capitals; a third of the time that `uuid.uuid5` takes."""
    named = _namespace(host) + f"{kind}\n{address}".encode()
    digits = hashlib.sha1(named, usedforsecurity=False).hexdigest().upper()
    variant = "89AB"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def _mobileconfig(account: MailAccount, options: ExportOptions) -> Export:
    if options.device and options.device not in _TARGET_DEVICE:
        raise InputError(Message(N_("The device is “iphone” or “mac”, not “%(device)s”."), {"device": options.device}))
    address, host = account.email_address, options.host
    own = {
        _ADDRESS: address,
        _NAME: account.display_name,
        _IDENTIFIER: identifier(host, address),
        _PROFILE_UUID: _uuid(host, "apple-pop-profile", address),
        _MAIL_UUID: _uuid(host, "apple-pop-mail", address),
    }
    if not _is_plain(account.display_name):
        content = _written(account, options, own)
    else:
        options_key = (options.locale, host, options.organization, options.device)
        content = _template(account.incoming, account.outgoing, bool(account.display_name), *options_key)
        content %= {mark.encode(): escape(value).encode() for mark, value in own.items()}
    return Export("gmx-pop.mobileconfig", "application/x-apple-aspen-config", content, _notes(account))


def _is_plain(name: str) -> bool:
    """Whether the name is surely free of control characters, which a plist cannot hold."""
    return name.isprintable()  # a joiner in an emoji is not: rare, and only slower


@lru_cache(64)
def _template(
    incoming: Server, outgoing: Server, named: bool, locale: str, host: str, organization: str, device: str | None
) -> bytes:
    """Return the profile with a place for each mark, to fill by %: writing a plist takes longer than all the rest."""
    account = MailAccount(_ADDRESS, _NAME if named else "", incoming, outgoing, KEEP_FOREVER, provider_id="")
    options = ExportOptions(locale=locale, host=host, organization=organization, device=device)
    content = _written(account, options, {mark: mark for mark in _MARKS}).replace(b"%", b"%%")
    for mark in map(str.encode, _MARKS):
        content = content.replace(mark, b"%%(%b)b" % mark)
    return content


def _written(account: MailAccount, options: ExportOptions, own: Mapping[str, str]) -> bytes:
    translations = translations_for(options.locale)
    address = account.email_address
    description = Message(
        N_(
            "Sets up %(address)s in Apple Mail: %(incoming)s for receiving, %(outgoing)s for sending. The "
            "profile contains no password; your device asks for it during installation. If you remove the "
            "profile, the account disappears from the device, together with the mail in it."
        ),
        {"address": address, "incoming": account.incoming.hostname, "outgoing": account.outgoing.hostname},
    ).translated(translations)
    profile: dict[str, Any] = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadScope": "User",
        "PayloadIdentifier": own[_IDENTIFIER],
        "PayloadUUID": own[_PROFILE_UUID],
        "PayloadDisplayName": translations.gettext(N_("GMX e-mail (POP) – %(address)s")) % {"address": address},
        "PayloadDescription": description,
        "PayloadOrganization": options.organization or f"GMX POP setup wizard ({options.host})",
        "PayloadRemovalDisallowed": False,
        "PayloadContent": [_payload(account, options, own, description)],
    }
    if options.device:
        profile["TargetDeviceType"] = _TARGET_DEVICE[options.device]
    try:
        return plistlib.dumps(profile, fmt=plistlib.FMT_XML, sort_keys=True)
    except ValueError:  # a control character, which parse_name refuses too
        raise InputError(N_("The name contains a character that cannot be used. Type it once more.")) from None


def _payload(account: MailAccount, options: ExportOptions, own: Mapping[str, str], description: str) -> dict[str, Any]:
    address = account.email_address
    payload: dict[str, Any] = {
        "PayloadType": "com.apple.mail.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{own[_IDENTIFIER]}.mail",
        "PayloadUUID": own[_MAIL_UUID],
        "PayloadDisplayName": translations_for(options.locale).gettext(N_("GMX mail account")),
        "PayloadDescription": description,
        "EmailAccountType": "EmailTypePOP",
        "EmailAccountDescription": f"GMX ({address})",
        "EmailAddress": address,
        "OutgoingPasswordSameAsIncomingPassword": True,
        "PreventMove": False,
        "PreventAppSheet": False,
        "disableMailRecentsSyncing": False,
        "allowMailDrop": True,
        # Without these a person could never switch S/MIME on in this account.
        "SMIMESigningUserOverrideable": True,
        "SMIMESigningCertificateUUIDUserOverrideable": True,
        "SMIMEEncryptByDefaultUserOverrideable": True,
        "SMIMEEncryptionCertificateUUIDUserOverrideable": True,
        "SMIMEEnableEncryptionPerMessageSwitch": True,
    }
    if account.display_name:
        payload["EmailAccountName"] = account.display_name
    for direction, server in (("Incoming", account.incoming), ("Outgoing", account.outgoing)):
        payload[f"{direction}MailServerHostName"] = server.hostname
        payload[f"{direction}MailServerPortNumber"] = server.port
        payload[f"{direction}MailServerUseSSL"] = True
        payload[f"{direction}MailServerAuthentication"] = "EmailAuthPassword"
        payload[f"{direction}MailServerUsername"] = address
    return payload


def _notes(account: MailAccount) -> tuple[Message, ...]:
    notes = [
        Message(
            N_(
                "A profile cannot set what stays on the server. A Mac deletes mail there after about 7 days. "
                "Change that in Mail before you fetch mail for the first time. iPhone and iPad leave it "
                "there."
            )
        )
    ]
    if account.outgoing.port != 465:
        notes.append(Message(N_("Port 465 is the safer choice for Apple Mail: the profile cannot demand STARTTLS.")))
    return tuple(notes)
