"""Thunderbird for Android and K-9 Mail: settings file and QR code.

Values: thunderbird-android, settings version 99, and its feature/migration/qrcode/qr-code-format.md. The QR code has
the exact payload of Thunderbird 153's "Export for Mobile" for the same account.
"""

import io
import json
import uuid
import xml.etree.ElementTree as ET

import segno

from webapp.core.account import MailAccount, Server, SocketType
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.text import N_, InputError, Message

SETTINGS_VERSION = 99
CHECK_MINUTES = (15, 30, 60, 120, 180, 360, 720, 1440)  # the app's options
DISPLAY_COUNT = 250  # the default of 25 hides mail
QR_PAYLOAD_MAX = 800  # octets; phones read denser codes badly

_CONNECTION_SECURITY = {SocketType.SSL: "SSL_TLS_REQUIRED", SocketType.STARTTLS: "STARTTLS_REQUIRED"}
_QR_SECURITY = {SocketType.STARTTLS: 2, SocketType.SSL: 3}
_QR_POP3, _QR_SMTP, _QR_PASSWORD = 1, 0, 1


def _retention_notes(account: MailAccount) -> tuple[Message, ...]:
    if account.retention.days_to_leave_messages_on_server is not None:
        return (
            Message(
                N_("This app cannot delete mail from the server after some days: it leaves everything there."),
                {"provider": account.provider_name},
            ),
        )
    if not account.retention.leave_messages_on_server:
        return (
            Message(
                N_(
                    "This app does not delete mail from the server after fetching it, "
                    "only when you delete the mail in the app."
                ),
                {"provider": account.provider_name},
            ),
        )
    return ()


def settings_file(account: MailAccount, options: ExportOptions) -> Export:
    """Return the .k9s, which FairEmail imports too."""
    root = ET.Element("k9settings", version=str(SETTINGS_VERSION), format="1")
    accounts = ET.SubElement(root, "accounts")
    uid = uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{account.email_address}")
    node = ET.SubElement(accounts, "account", uuid=str(uid))
    ET.SubElement(node, "name").text = account.email_address
    _server(node, "incoming-server", account.incoming, account.username)
    _server(node, "outgoing-server", account.outgoing, account.username)
    settings = ET.SubElement(node, "settings")
    for key, value in (
        ("automaticCheckIntervalMinutes", str(_minutes(account))),
        ("deletePolicy", "NEVER" if account.retention.leave_messages_on_server else "DELETE"),
        ("displayCount", str(DISPLAY_COUNT)),
        ("notifyNewMail", "true"),
        ("syncRemoteDeletions", "false"),
    ):
        ET.SubElement(settings, "value", key=key).text = value
    identity = ET.SubElement(ET.SubElement(node, "identities"), "identity")
    if account.display_name:
        ET.SubElement(identity, "name").text = account.display_name
    ET.SubElement(identity, "email").text = account.email_address
    ET.indent(root)
    content = ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"
    return Export(f"{account.file_stem}.k9s", "application/octet-stream", content, _retention_notes(account))


def _minutes(account: MailAccount) -> int:
    """Return the app's shortest interval that the provider allows."""
    return next((number for number in CHECK_MINUTES if number >= (account.minutes_between_fetches or 0)), 1440)


def _server(parent: ET.Element, element: str, server: Server, username: str) -> None:
    node = ET.SubElement(parent, element, type=server.type.value.upper())
    for name, value in (
        ("host", server.hostname),
        ("port", str(server.port)),
        ("connection-security", _CONNECTION_SECURITY[server.socket_type]),
        ("authentication-type", "PLAIN"),
        ("username", username),
    ):
        ET.SubElement(node, name).text = value


def payload(account: MailAccount) -> str:
    """Return the payload of the QR code: JSON arrays, version 1, part 1 of 1, one account, no password.

    Raises InputError where it exceeds QR_PAYLOAD_MAX.
    """
    address = account.email_address
    incoming, outgoing = account.incoming, account.outgoing
    user = (_QR_PASSWORD, account.username)
    receiving = [_QR_POP3, incoming.hostname, incoming.port, _QR_SECURITY[incoming.socket_type], *user, address, ""]
    sending = [_QR_SMTP, outgoing.hostname, outgoing.port, _QR_SECURITY[outgoing.socket_type], *user, ""]
    content = [1, [1, 1], receiving, [[sending, [address, account.display_name]]]]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > QR_PAYLOAD_MAX:
        raise InputError(N_("Address and name are too long for a QR code. Use the settings file."))
    return text


def _code(account: MailAccount) -> segno.QRCode:
    return segno.make(payload(account), error="l", boost_error=False, micro=False, encoding="utf-8")


def _qr_notes(account: MailAccount) -> tuple[Message, ...]:
    return (
        Message(
            N_(
                "The QR code does not set what stays on the server or whether the phone announces new mail. "
                "Mail that is deleted on the server also disappears from the phone."
            ),
            {"provider": account.provider_name},
        ),
    )


def _qr_svg(account: MailAccount, options: ExportOptions) -> Export:
    buffer = io.BytesIO()
    _code(account).save(buffer, kind="svg", scale=4, border=4, light="#fff", svgclass=None, lineclass=None)
    return Export(f"{account.file_stem}-qr.svg", "image/svg+xml", buffer.getvalue(), _qr_notes(account))


def _qr_png(account: MailAccount, options: ExportOptions) -> Export:
    buffer = io.BytesIO()
    _code(account).save(buffer, kind="png", scale=6, border=4)
    return Export(f"{account.file_stem}-qr.png", "image/png", buffer.getvalue(), _qr_notes(account))


def _qr_payload(account: MailAccount, options: ExportOptions) -> Export:
    return Export(f"{account.file_stem}-qr.json", "application/json", payload(account).encode(), _qr_notes(account))


THUNDERBIRD_ANDROID = Client(
    id="thunderbird-android",
    name=N_("Thunderbird or K-9 Mail on Android"),
    systems=("android",),
    notes_in_guide=True,
    keeps=Keeping(
        SetBy.FILE,
        way=N_("Settings › your account › Fetching mail › When I delete a message › Do not delete on server"),
    ),
    writers={"k9s": settings_file, "qr-svg": _qr_svg, "qr-png": _qr_png, "qr-payload": _qr_payload},
)
