"""Apple Mail on macOS, iOS and iPadOS: a configuration profile.

Keys and types: apple/device-management, com.apple.mail.managed.yaml and TopLevel.yaml (schema 26.0). Identifiers depend
only on the operator's host and the address, so that reinstalling the profile replaces the account instead of removing
it together with the fetched mail.
"""

import hashlib
import plistlib
import uuid
from typing import Any

from webapp.core.account import MailAccount
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.text import N_, InputError, Message, translations_for

_TARGET_DEVICE = {"iphone": 1, "mac": 5}  # without it, a device with paired ones asks for which

_DELETES_UNASKED = N_(
    "Mail on the Mac deletes mail at %(provider)s after about 7 days without asking. Switch that off before it "
    "fetches mail for the first time."
)


def identifier(host: str, account: MailAccount) -> str:
    """Return the profile's identifier: the reversed host, the provider and a hash of the address."""
    tag = hashlib.sha256(account.email_address.encode()).hexdigest()[:16]
    return ".".join([*reversed(host.lower().split(".")), account.file_word.lower(), "pop", tag])


def _uuid(host: str, kind: str, address: str) -> str:
    namespace = uuid.uuid5(uuid.NAMESPACE_DNS, host.lower())
    return str(uuid.uuid5(namespace, f"{kind}\n{address}")).upper()


def _mobileconfig(account: MailAccount, options: ExportOptions) -> Export:
    if options.device and options.device not in _TARGET_DEVICE:
        raise InputError(N_("The device is “iphone” or “mac”, not “%(device)s”."), device=options.device)
    try:
        content = plistlib.dumps(_profile(account, options), fmt=plistlib.FMT_XML, sort_keys=True)
    except ValueError:  # a control character; parse_name refuses them too
        raise InputError(N_("The name contains a character that cannot be used. Type it once more.")) from None
    return Export(f"{account.file_stem}.mobileconfig", "application/x-apple-aspen-config", content, _notes(account))


def _profile(account: MailAccount, options: ExportOptions) -> dict[str, Any]:
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
        "PayloadIdentifier": identifier(options.host, account),
        "PayloadUUID": _uuid(options.host, "apple-pop-profile", address),
        "PayloadDisplayName": Message(
            N_("%(provider)s e-mail (POP) – %(address)s"), {"provider": account.provider_name, "address": address}
        ).translated(translations),
        "PayloadDescription": description,
        "PayloadOrganization": options.organization or f"{account.provider_name} POP setup wizard ({options.host})",
        "PayloadRemovalDisallowed": False,
        "PayloadContent": [_payload(account, options, description)],
    }
    if options.device:
        profile["TargetDeviceType"] = _TARGET_DEVICE[options.device]
    return profile


def _payload(account: MailAccount, options: ExportOptions, description: str) -> dict[str, Any]:
    address = account.email_address
    payload: dict[str, Any] = {
        "PayloadType": "com.apple.mail.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{identifier(options.host, account)}.mail",
        "PayloadUUID": _uuid(options.host, "apple-pop-mail", address),
        "PayloadDisplayName": Message(N_("%(provider)s mail account"), {"provider": account.provider_name}).translated(
            translations_for(options.locale)
        ),
        "PayloadDescription": description,
        "EmailAccountType": "EmailTypePOP",
        "EmailAccountDescription": f"{account.provider_name} ({address})",
        "EmailAddress": address,
        "OutgoingPasswordSameAsIncomingPassword": True,
        "PreventMove": False,
        "PreventAppSheet": False,
        "disableMailRecentsSyncing": False,
        "allowMailDrop": True,
        # Without these S/MIME could never be switched on in this account.
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
        payload[f"{direction}MailServerUsername"] = account.username
    return payload


def _notes(account: MailAccount) -> tuple[Message, ...]:
    notes = [
        Message(
            N_(
                "A profile cannot set what stays on the server. A Mac deletes mail there after about 7 days. "
                "Change that in Mail before you fetch mail for the first time. iPhone and iPad leave it "
                "there."
            ),
            {"provider": account.provider_name},
        )
    ]
    if account.outgoing.port != 465:
        notes.append(Message(N_("Port 465 is the safer choice for Apple Mail: the profile cannot demand STARTTLS.")))
    return tuple(notes)


APPLE_MAIL = Client(
    id="apple-mail",
    name="Apple Mail",
    systems=("macos", "ios"),
    notes_in_guide=True,
    # Without a device: what both can do.
    keeps=Keeping(SetBy.PERSON, SetBy.PERSON, numbers=(7,), warning=_DELETES_UNASKED),
    keeps_on={
        "mac": Keeping(
            SetBy.PERSON,
            SetBy.PERSON,
            SetBy.PERSON,
            numbers=(30, 7),  # “After one month”, “After one week”
            way=N_("Mail › Settings… › Accounts › %(provider)s › Account Information"),
            warning=_DELETES_UNASKED,
        ),
        "iphone": Keeping(
            SetBy.PROGRAM,
            SetBy.PERSON,
            numbers=(7,),  # “Seven days”
            way=N_("Settings › Apps › Mail › Mail Accounts › %(provider)s › Account › Advanced › Delete from server"),
        ),
    },
    writers={"mobileconfig": _mobileconfig},
)
