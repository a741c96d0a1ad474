"""Each brand beside GMX is found by mail programs: its own servers and its own kind of user name, and nothing of GMX."""

from __future__ import annotations

import plistlib

import pytest
from defusedxml.ElementTree import fromstring
from flask import Flask
from flask.testing import FlaskClient

from tests.web.discovery.test_discovery import PATHS, discover, question
from webapp.web.discovery.autodiscover import SETTINGS

# Published by Thunderbird's ISPDB (c6ad796): address, user name as a pattern and filled in, hosts.
BRANDS = pytest.mark.parametrize(
    ("address", "pattern", "user", "pop3", "smtp"),
    [
        ("anna@web.de", "%EMAILLOCALPART%", "anna", "pop3.web.de", "smtp.web.de"),
        ("john@mail.com", "%EMAILADDRESS%", "john@mail.com", "pop.mail.com", "smtp.mail.com"),
        ("john@berlin.com", "%EMAILADDRESS%", "john@berlin.com", "pop.mail.com", "smtp.mail.com"),
    ],
)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client that takes XML for what it is."""
    return FlaskClient(app, app.response_class)


@BRANDS
@pytest.mark.parametrize("path", PATHS)
def test_autoconfig(
    client: FlaskClient, path: str, address: str, pattern: str, user: str, pop3: str, smtp: str
) -> None:
    for served in (
        client.get(path, query_string={"emailaddress": address}),
        client.get(path, headers={"Host": f"autoconfig.{address.partition('@')[2]}"}),
    ):
        assert served.status_code == 200
        assert b"gmx" not in served.data.lower()
        provider = fromstring(served.data).find("emailProvider")
        assert provider is not None
        found = [
            [server.findtext(name) for name in ("hostname", "port", "socketType", "username")]
            for server in provider
            if server.tag.endswith("Server")
        ]
        assert found == [[pop3, "995", "SSL", pattern], [smtp, "465", "SSL", pattern]]


@BRANDS
def test_autodiscover(client: FlaskClient, address: str, pattern: str, user: str, pop3: str, smtp: str) -> None:
    served = discover(client, question(address))
    assert served.status_code == 200
    assert b"gmx" not in served.data.lower()
    found = [
        [protocol.findtext(f"{{{SETTINGS}}}{name}") for name in ("Type", "Server", "Port", "LoginName")]
        for protocol in fromstring(served.data).iter(f"{{{SETTINGS}}}Protocol")
    ]
    assert found == [["POP3", pop3, "995", user], ["SMTP", smtp, "465", user]]


@BRANDS
def test_mobileconfig(client: FlaskClient, address: str, pattern: str, user: str, pop3: str, smtp: str) -> None:
    served = client.get("/api/v1/exports/apple-mail", query_string={"address": address, "device": "iphone"})
    assert served.mimetype == "application/x-apple-aspen-config"
    assert b"gmx" not in served.data.lower()
    (payload,) = plistlib.loads(served.data)["PayloadContent"]
    assert payload["EmailAccountType"] == "EmailTypePOP"
    for side, host in (("Incoming", pop3), ("Outgoing", smtp)):
        assert payload[f"{side}MailServerHostName"] == host
        assert payload[f"{side}MailServerUsername"] == user
        assert payload[f"{side}MailServerUseSSL"] is True
