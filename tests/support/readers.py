"""Strict readers of every export, independent of its writer.

An unknown key, line, section or element fails, so injection is found by reading alone.
"""

from __future__ import annotations

import configparser
import io
import json
import plistlib
import re
import shlex
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from tests.support import fairemail, qr
from tests.support.fairemail import Server

PASSWORD_IS_ASKED = 3  # Thunderbird's authMethod


@dataclass(frozen=True)
class Settings:
    """The settings in an export; None for what the format does not hold.

    keep: as `Retention.parse` reads it. user: the name to log in with.
    """

    address: str | None = None
    name: str | None = None
    incoming: Server | None = None
    outgoing: Server | None = None
    keep: str | None = None
    user: str | None = None


def read_preferences(content: bytes) -> dict[str, Any]:
    """Return the preferences of a prefs.js: one per line, unique."""
    preferences: dict[str, Any] = {}
    for line in content.decode().removesuffix("\n").split("\n"):
        match = re.fullmatch(r"user_pref\((.+)\);", line)
        assert match, line
        name, value = json.loads(f"[{match[1]}]")
        assert name not in preferences
        preferences[name] = value
    return preferences


_THUNDERBIRD = re.compile(
    r"mail\.(?:account\.account1\.(?:identities|server)|accountmanager\.(?:accounts|defaultaccount)|smtpservers"
    r"|smtp\.defaultserver"
    r"|identity\.id1\.(?:fullName|useremail|valid|smtpServer|reply_on_top|fcc_folder|fcc_folder_picker_mode|draft_folder"
    r"|drafts_folder_picker_mode|stationery_folder|tmpl_folder_picker_mode)"
    r"|server\.server1\.(?:type|hostname|port|socketType|authMethod|userName|name|login_at_startup|check_new_mail"
    r"|check_time|download_on_biff|leave_on_server|delete_by_age_from_server|num_days_to_leave_on_server"
    r"|delete_mail_left_on_server)"
    r"|smtpserver\.smtp1\.(?:type|hostname|port|try_ssl|authMethod|username|description))"
)


def _preferences(content: bytes) -> Settings:
    read = read_preferences(content)
    assert not [name for name in read if not _THUNDERBIRD.fullmatch(name)]
    assert len(read) == 38 + ("mail.identity.id1.fullName" in read)
    incoming, outgoing = (
        {name.removeprefix(prefix): value for name, value in read.items() if name.startswith(prefix)}
        for prefix in ("mail.server.server1.", "mail.smtpserver.smtp1.")
    )
    assert incoming["authMethod"] == outgoing["authMethod"] == PASSWORD_IS_ASKED
    (address,) = {read["mail.identity.id1.useremail"], incoming["name"], outgoing["description"]}
    (user,) = {incoming["userName"], outgoing["username"]}
    security = {2: "STARTTLS", 3: "SSL"}
    days = incoming["num_days_to_leave_on_server"]
    assert days > 0  # with 0, shown grey, nothing would ever be deleted where somebody sets the tick
    return Settings(
        address,
        read.get("mail.identity.id1.fullName", ""),
        (incoming["hostname"], incoming["port"], security[incoming["socketType"]]),
        (outgoing["hostname"], outgoing["port"], security[outgoing["try_ssl"]]),
        "delete"
        if not incoming["leave_on_server"]
        else str(days if incoming["delete_by_age_from_server"] else "forever"),
        user,
    )


def _thunderbird_zip(content: bytes) -> Settings:
    archive = zipfile.ZipFile(io.BytesIO(content))
    folder, file = archive.namelist()
    assert re.fullmatch(r"[A-Za-z0-9-]+-Thunderbird/", folder)
    assert file == f"{folder}prefs.js"
    return _preferences(archive.read(file))


def read_xml(content: bytes) -> etree._Element:
    """Parse XML without document type, entities, comments and processing instructions."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    assert root.getroottree().docinfo.internalDTD is None
    assert all(isinstance(node.tag, str) for node in root.iter())
    return root


def _texts(node: etree._Element, *names: str) -> list[str]:
    """Return the texts of the children, which must be exactly `names`."""
    assert [child.tag for child in node] == list(names)
    assert not any(len(child) for child in node)
    return [child.text or "" for child in node]


def _autoconfig(content: bytes) -> Settings:
    root = read_xml(content)
    ((provider,),) = ((*root,),)
    *_, incoming, outgoing, enable = provider
    assert [child.tag for child in provider] == [
        "domain", "displayName", "displayShortName", "incomingServer", "outgoingServer", "enable",
    ]  # fmt: skip
    assert {child.tag for child in enable} == {"instruction"}
    names = ("hostname", "port", "socketType", "username", "authentication")
    pop3 = incoming[-1]
    assert pop3.tag == "pop3"
    incoming.remove(pop3)
    keep = {child.tag: child.text for child in pop3}
    days = keep.get("daysToLeaveMessagesOnServer") or ""
    found = []
    for server in (incoming, outgoing):
        host, port, security, user, authentication = _texts(server, *names)
        assert user in ("%EMAILADDRESS%", "%EMAILLOCALPART%")
        assert authentication == "password-cleartext"
        found.append((host, int(port), security))
    leave = keep["leaveMessagesOnServer"] == "true"
    return Settings(None, None, *found, keep=("forever" if days == "36500" else days) if leave else "delete")


def _k9s(content: bytes) -> Settings:
    root = read_xml(content)
    (accounts,) = root
    (account,) = accounts
    assert [child.tag for child in account] == [
        "name", "incoming-server", "outgoing-server", "settings", "identities",
    ]  # fmt: skip
    found, users = [], set()
    for server in account[1:3]:
        host, port, security, authentication, user = _texts(
            server, "host", "port", "connection-security", "authentication-type", "username"
        )
        assert authentication == "PLAIN"
        users.add(user)
        found.append((host, int(port), {"SSL_TLS_REQUIRED": "SSL", "STARTTLS_REQUIRED": "STARTTLS"}[security]))
    settings = {value.get("key"): value.text for value in account[3]}
    assert set(settings) == {
        "automaticCheckIntervalMinutes", "deletePolicy", "displayCount", "notifyNewMail", "syncRemoteDeletions",
    }  # fmt: skip
    ((identity,),) = ((*account[4],),)
    fields = {child.tag: child.text for child in identity}
    assert set(fields) <= {"name", "email"}
    (address,) = {account[0].text, fields["email"]}
    (user,) = users
    keep = {"NEVER": "forever", "DELETE": "delete"}[settings["deletePolicy"] or ""]
    return Settings(address, fields.get("name") or "", *found, keep=keep, user=user)


def _qr_payload(content: bytes) -> Settings:
    version, part, incoming, outgoing = json.loads(content)
    assert (version, part) == (1, [1, 1])
    protocol, host, port, security, authentication, user, label, password = incoming
    assert (protocol, authentication, password) == (1, 1, "")
    (((protocol, smtp_host, smtp_port, smtp_security, authentication, smtp_user, password), (email, name)),) = outgoing
    assert (protocol, authentication, password) == (0, 1, "")
    (address,) = {label, email}
    assert user == smtp_user
    types = {2: "STARTTLS", 3: "SSL"}
    return Settings(
        address, name, (host, port, types[security]), (smtp_host, smtp_port, types[smtp_security]), user=user
    )  # fmt: skip


def _qr_svg(content: bytes) -> Settings:
    root = read_xml(content)
    assert {etree.QName(node).localname for node in root.iter()} <= {"svg", "g", "path"}
    assert {name for node in root.iter() for name in node.attrib} <= {
        "width", "height", "viewBox", "version", "d", "stroke", "fill", "transform",
    }  # fmt: skip
    return _qr_payload(qr.text_of(qr.modules_of_svg(content)).encode())


def _qr_png(content: bytes) -> Settings:
    return _qr_payload(qr.text_of(qr.modules_of_png(content, scale=6)).encode())


def read_prf(content: bytes) -> dict[str, dict[str, str]]:
    """Return the sections of an Outlook profile file: ASCII, CRLF, no duplicates."""
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\0" not in content
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    sections: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in content.decode("ascii").split("\r\n"):
        if not line or line.startswith(";"):
            continue
        if line.startswith("["):
            name = line.removeprefix("[").removesuffix("]")
            assert line == f"[{name}]"
            assert name not in sections
            current = sections.setdefault(name, {})
            continue
        key, separator, value = line.partition("=")
        assert separator
        assert key not in current
        current[key] = value
    return sections


def _prf(content: bytes) -> Settings:
    account = read_prf(content)["Account1"]
    flags = int(account["LeaveOnServer"], 16)
    (address,) = {account[key] for key in ("AccountName", "EmailAddress")}
    security = {("1", "1"): "SSL", ("0", "2"): "STARTTLS"}[account["SMTPUseSSL"], account["SMTPSecureConnection"]]
    assert account["POP3UseSSL"] == "1"
    return Settings(
        address,
        account["DisplayName"],
        (account["POP3Server"], int(account["POP3Port"]), "SSL"),
        (account["SMTPServer"], int(account["SMTPPort"]), security),
        {0: "delete", 1: "forever"}.get(flags, str(flags >> 16)),
        account["POP3UserName"],
    )


def _outlook_zip(content: bytes) -> Settings:
    archive = zipfile.ZipFile(io.BytesIO(content))
    profile, starter, read_me = archive.namelist()
    word = starter.removesuffix("-in-Outlook.cmd")
    assert (profile, starter, read_me) == (f"{word.lower()}-pop.prf", f"{word}-in-Outlook.cmd", "LIESMICH.txt")
    return _prf(archive.read(profile))


def _mobileconfig(content: bytes) -> Settings:
    (payload,) = plistlib.loads(content)["PayloadContent"]
    (user,) = {payload["IncomingMailServerUsername"], payload["OutgoingMailServerUsername"]}
    found = []
    for side in ("Incoming", "Outgoing"):
        assert payload[f"{side}MailServerUseSSL"] is True
        port = payload[f"{side}MailServerPortNumber"]
        # one boolean for both: the port decides
        found.append((payload[f"{side}MailServerHostName"], port, "STARTTLS" if port == 587 else "SSL"))
    return Settings(payload["EmailAddress"], payload.get("EmailAccountName", ""), *found, user=user)


def _txt(content: bytes) -> Settings:
    parts = [
        [line.partition(":  ")[2].strip() for line in part.split("\n")]
        for part in content.decode().removesuffix("\n").split("\n\n")
    ]
    _, person, (host, port, security), (smtp_host, smtp_port, smtp_security, *rest) = parts
    assert len(rest) == 2  # authentication, what stays on the server
    *_, user, password = person
    assert len(person) in (3, 4)
    assert password in ("ist hier absichtlich nicht enthalten", "left out here on purpose") or " " in password
    types = {"SSL/TLS": "SSL", "STARTTLS": "STARTTLS"}
    days = re.findall(r"\d+", rest[1])
    return Settings(
        person[0],
        person[1] if len(person) == 4 else "",
        (host, int(port), types[security]),
        (smtp_host, int(smtp_port), types[smtp_security]),
        days[0] if days else None,
        user,
    )


_FETCHMAIL_TOKEN = re.compile(r'"(?P<quoted>[^"\\]*)"|(?P<plain>[^\s"#,;:=]+)|#.*|\s+')


def _fetchmailrc(content: bytes) -> Settings:
    """Tokenise like fetchmail's lexer; a backslash (escape) fails."""
    tokens, place, text = [], 0, content.decode()
    while place < len(text):
        match = _FETCHMAIL_TOKEN.match(text, place)
        assert match, text[place:]
        tokens += [value for value in match.groups() if value is not None]
        place = match.end()
    start = ["set", "no", "bouncemail", "poll"]
    assert tokens[:4] == start
    host, *middle = tokens[4:]
    assert middle[:2] == ["protocol", "POP3"]
    port = middle[3]
    assert middle[4:10] == ["auth", "password", "uidl", "timeout", "60", "user"]
    user, *options = middle[10:]
    security = "SSL" if options[0] == "ssl" else "STARTTLS"
    if security == "SSL":
        options = options[1:]
    assert options[:5] == ["sslproto", "TLS1.2+", "sslcertck", "no", "rewrite"]
    *keep, mda, delivery = options[5:]
    assert mda == "mda"
    assert user not in delivery
    kept = {"keep": "forever", "no keep": "delete"}[" ".join(keep)]
    return Settings(None, None, (host, int(port), security), None, kept, user)


def _getmailrc(content: bytes) -> Settings:
    parser = configparser.RawConfigParser(strict=True)
    parser.read_string(content.decode())
    read = {name: dict(parser[name]) for name in parser.sections()}
    assert {name: set(keys) for name, keys in read.items()} == {
        "retriever": {"type", "server", "port", "username", "ca_certs"},
        "destination": {"type", "path"},
        "options": {"read_all", "delivered_to", "received", "delete", "delete_after"},
    }
    retriever, options = read["retriever"], read["options"]
    assert retriever["type"] == "SimplePOP3SSLRetriever"
    assert retriever["ca_certs"].startswith("/etc/ssl/")
    days = options["delete_after"]
    keep = "delete" if options["delete"] == "true" else days if days != "0" else "forever"
    return Settings(None, None, (retriever["server"], int(retriever["port"]), "SSL"), None, keep, retriever["username"])


def _commands(content: bytes, *expected: str) -> dict[str, str]:
    """Return the commands of mpop and msmtp: exactly `expected`, then the default account."""
    lines = [line for line in content.decode().split("\n") if line.strip() and not line.startswith("#")]
    pairs = [line.partition(" ")[::2] for line in lines]
    assert pairs[0][0] == "account"
    assert re.fullmatch("[a-z0-9-]+", pairs[0][1])
    assert pairs[-1] == ("account", f"default : {pairs[0][1]}")
    assert [command for command, _ in pairs[1:-1]] == list(expected)
    assert not any(argument != argument.strip() or argument.startswith('"') for _, argument in pairs)
    read = dict(pairs[1:-1])
    assert (read["tls"], read["tls_trust_file"]) == ("on", "system")
    (hint,) = (line for line in content.decode().split("\n") if line.startswith("# passwordeval "))
    words = shlex.split(hint.removeprefix("# passwordeval "))  # as a shell would
    assert words[:2] == ["secret-tool", "lookup"]
    assert dict(zip(words[2::2], words[3::2], strict=True)) == {
        "host": read["host"], "service": "smtp" if "from" in read else "pop3", "user": read["user"],
    }  # fmt: skip
    return read


_TLS = ("host", "port", "tls", "tls_starttls", "tls_trust_file", "auth", "user")


def _mpoprc(content: bytes) -> Settings:
    read = _commands(content, *_TLS, "delivery", "uidls_file", "keep")
    assert re.fullmatch(r"~/\.mpop_uidls/[a-z0-9-]+-pop-[0-9a-f]{16}", read["uidls_file"])
    security = {"off": "SSL", "on": "STARTTLS"}[read["tls_starttls"]]
    keep = {"on": "forever", "off": "delete"}[read["keep"]]
    return Settings(None, None, (read["host"], int(read["port"]), security), None, keep, read["user"])


def _msmtprc(content: bytes) -> Settings:
    read = _commands(content, *_TLS, "from")
    security = {"off": "SSL", "on": "STARTTLS"}[read["tls_starttls"]]
    return Settings(read["from"], None, None, (read["host"], int(read["port"]), security), user=read["user"])


def _fairemail(content: bytes) -> Settings:
    address, name, incoming, outgoing, user = fairemail.imported(content)
    return Settings(address, name, incoming, outgoing, user=user)


READERS: dict[tuple[str, str], Callable[[bytes], Settings]] = {
    ("thunderbird", "zip"): _thunderbird_zip,
    ("thunderbird", "userjs"): _preferences,
    ("thunderbird", "autoconfig"): _autoconfig,
    ("thunderbird-android", "k9s"): _k9s,
    ("fairemail", "k9s"): _fairemail,
    ("thunderbird-android", "qr-payload"): _qr_payload,
    ("thunderbird-android", "qr-svg"): _qr_svg,
    ("thunderbird-android", "qr-png"): _qr_png,
    ("outlook", "prf"): _prf,
    ("outlook", "zip"): _outlook_zip,
    ("apple-mail", "mobileconfig"): _mobileconfig,
    ("fetchmail", "fetchmailrc"): _fetchmailrc,
    ("getmail", "getmailrc"): _getmailrc,
    ("mpop", "mpoprc"): _mpoprc,
    ("msmtp", "msmtprc"): _msmtprc,
    ("other", "txt"): _txt,
}
