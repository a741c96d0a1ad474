"""FairEmail's reading of a .k9s, by the rules of handleK9Import in its FragmentOptionsBackup (e23dd9df80), restated.

It goes through the elements one after the other and knows them by name alone, wherever they stand: host, port, security and
user belong to the account until the outgoing server has begun. Of the settings it takes nothing.
"""

from __future__ import annotations

import io

from lxml import etree

Server = tuple[str, int, str]  # host name, port, SSL or STARTTLS

_SECURITY = {"SSL_TLS_REQUIRED": "SSL", "STARTTLS_REQUIRED": "STARTTLS"}


def imported(content: bytes) -> tuple[str, str, Server, Server, str]:
    """Return address and name of the identity, the servers of account and identity, and the user name."""
    account: dict[str, str] = {}
    sending: dict[str, str] = {}
    server = account
    identities: list[tuple[str, str]] = []
    name = email = ""
    in_identity = False
    for event, element in etree.iterparse(io.BytesIO(content), events=("start", "end")):
        text, tag = element.text or "", element.tag
        if event == "start":
            in_identity = in_identity or tag == "identity"
            assert element.get("type") == {"incoming-server": "POP3", "outgoing-server": "SMTP"}.get(tag), (
                "else dropped"
            )
            server = sending if tag == "outgoing-server" else server
        elif tag in ("host", "port", "connection-security", "username"):
            server[tag] = text
        elif tag == "name" and in_identity:
            name = text
        elif tag == "email":
            email = text
        elif tag == "identity":
            identities.append((email, name))
            in_identity = False
    (identity,) = identities
    assert account["username"] == sending["username"]
    return (*identity, _server(account), _server(sending), account["username"])


def _server(found: dict[str, str]) -> Server:
    return found["host"], int(found["port"]), _SECURITY[found["connection-security"]]
