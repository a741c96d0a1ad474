"""Apple Mail on macOS, iOS and iPadOS: a configuration profile.

Keys and types: apple/device-management, com.apple.mail.managed.yaml and TopLevel.yaml (schema 26.0). Identifiers depend
on the operator's host and the address alone, so that installing the profile again replaces the account instead of
removing it together with the mail that POP has fetched.
"""

from __future__ import annotations

import hashlib
import plistlib
import uuid
from collections.abc import Callable
from typing import Any

from webapp.account import MailAccount
from webapp.clients.base import Client, Export, ExportOptions
from webapp.text import N_, InputError, Message, translations_for

_TARGET_DEVICE = {"iphone": 1, "mac": 5}  # without it, a device that knows several asks for which one


class AppleMail(Client):
    id = "apple-mail"
    name = "Apple Mail"
    systems = ("macos", "ios")
    formats = ("mobileconfig",)

    def writers(self) -> dict[str, Callable[[MailAccount, ExportOptions], Export]]:
        return {"mobileconfig": _mobileconfig}


def identifier(host: str, address: str) -> str:
    """Return the profile's identifier: the reversed host, and a hash in the place of the address."""
    tag = hashlib.sha256(address.encode()).hexdigest()[:16]
    return ".".join([*reversed(host.lower().split(".")), "gmx", "pop", tag])


def _uuid(host: str, kind: str, address: str) -> str:
    namespace = uuid.uuid5(uuid.NAMESPACE_DNS, host.lower())
    return str(uuid.uuid5(namespace, f"{kind}\n{address}")).upper()


def _mobileconfig(account: MailAccount, options: ExportOptions) -> Export:
    if options.device and options.device not in _TARGET_DEVICE:
        raise InputError(Message(N_("The device is “iphone” or “mac”, not “%(device)s”."), {"device": options.device}))
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
    name = identifier(options.host, address)
    profile: dict[str, Any] = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadScope": "User",
        "PayloadIdentifier": name,
        "PayloadUUID": _uuid(options.host, "apple-pop-profile", address),
        "PayloadDisplayName": translations.gettext(N_("GMX e-mail (POP) – %(address)s")) % {"address": address},
        "PayloadDescription": description,
        "PayloadOrganization": options.organization or f"GMX POP setup wizard ({options.host})",
        "PayloadRemovalDisallowed": False,
        "PayloadContent": [_payload(account, options, name, description)],
    }
    if options.device:
        profile["TargetDeviceType"] = _TARGET_DEVICE[options.device]
    try:
        content = plistlib.dumps(profile, fmt=plistlib.FMT_XML, sort_keys=True)
    except ValueError:  # a control character, which parse_name refuses too
        raise InputError(N_("The name contains a character that cannot be used. Type it once more.")) from None
    return Export("gmx-pop.mobileconfig", "application/x-apple-aspen-config", content, _notes(account))


def _payload(account: MailAccount, options: ExportOptions, name: str, description: str) -> dict[str, Any]:
    address = account.email_address
    payload: dict[str, Any] = {
        "PayloadType": "com.apple.mail.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{name}.mail",
        "PayloadUUID": _uuid(options.host, "apple-pop-mail", address),
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
