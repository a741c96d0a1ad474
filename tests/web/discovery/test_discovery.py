"""What mail programs ask for: answered right, fast, and without ever repeating what was asked."""

from __future__ import annotations

import base64
import hashlib
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse, create_environ

from webapp.core import providers
from webapp.core.account import parse_address
from webapp.core.clients import CLIENTS, ExportOptions
from webapp.core.text import locales
from webapp.web.discovery import AUTOCONFIG_PATHS, pacc
from webapp.web.discovery.autoconfig import KEPT_MAX, Autoconfig
from webapp.web.discovery.autodiscover import ENVELOPE, REQUEST, SETTINGS

PATHS = sorted(AUTOCONFIG_PATHS)
MARK = "<i>unmistakable</i>"

# What the grammar of the format allows (benbucksch/autoconfig-spec, autoconfig.rng), restated.
SERVER_ELEMENTS = {"hostname", "port", "socketType", "username", "authentication", "pop3"}
PROVIDER_ELEMENTS = {"domain", "displayName", "displayShortName", "incomingServer", "outgoingServer", "enable"}
POP3_ELEMENTS = {"leaveMessagesOnServer", "daysToLeaveMessagesOnServer", "downloadOnBiff"}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client that takes XML for what it is."""
    return FlaskClient(app, app.response_class)


def question(address: str, schema: str = SETTINGS, namespace: str = REQUEST) -> bytes:
    root = ET.Element("Autodiscover", xmlns=namespace)
    request = ET.SubElement(root, "Request")
    ET.SubElement(request, "EMailAddress").text = address
    ET.SubElement(request, "AcceptableResponseSchema").text = schema
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def discover(client: FlaskClient, body: bytes, path: str = "/autodiscover/autodiscover.xml") -> TestResponse:
    return client.post(path, data=body, content_type="text/xml")


# Autoconfig


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("address", "pop3", "smtp"),
    [
        ("anna@gmx.de", "pop.gmx.net", "mail.gmx.net"),
        ("ANNA@GMX.De", "pop.gmx.net", "mail.gmx.net"),
        ("john@gmx.co.uk", "pop.gmx.com", "mail.gmx.com"),
        ("anna@turbinen.gmx", "pop.gmx.net", "mail.gmx.net"),
        ("o'neil+x@gmx.at", "pop.gmx.net", "mail.gmx.net"),
    ],
)
def test_autoconfig_names_pop3_first(client: FlaskClient, path: str, address: str, pop3: str, smtp: str) -> None:
    response = client.get(path, query_string={"emailaddress": address})
    assert response.status_code == 200
    provider = fromstring(response.data).find("emailProvider")
    assert provider is not None
    servers = [element for element in provider if element.tag.endswith("Server")]
    assert [(server.tag, server.get("type")) for server in servers] == [
        ("incomingServer", "pop3"),
        ("outgoingServer", "smtp"),
    ]
    assert [server.findtext("hostname") for server in servers] == [pop3, smtp]
    assert [server.findtext("port") for server in servers] == ["995", "465"]
    assert {server.findtext("socketType") for server in servers} == {"SSL"}
    assert servers[0].findtext("pop3/leaveMessagesOnServer") == "true"
    assert provider.findtext("domain") == address.rpartition("@")[2].lower()
    assert {element.get("lang") for element in provider.iter("instruction")} == set(locales())
    assert "Set-Cookie" not in response.headers


def test_autoconfig_keeps_the_grammar_of_the_format(client: FlaskClient) -> None:
    root = fromstring(client.get(f"{PATHS[0]}?emailaddress=anna@gmx.de").data)
    assert (root.tag, root.get("version")) == ("clientConfig", "1.2")
    (provider,) = root
    assert {element.tag for element in provider} == PROVIDER_ELEMENTS
    for server in (*provider.iter("incomingServer"), *provider.iter("outgoingServer")):
        assert {element.tag for element in server} <= SERVER_ELEMENTS
        assert server.findtext("authentication") == "password-cleartext"
        assert server.findtext("username") == "%EMAILADDRESS%"
    assert {element.tag for element in provider.iter("pop3") for element in element} == POP3_ELEMENTS
    (enable,) = provider.iter("enable")
    assert enable.get("visiturl", "").startswith("https://")


def test_autoconfig_equals_the_export(client: FlaskClient) -> None:
    account = providers.load()["gmx.net"].account("anna@gmx.de")
    export = CLIENTS["thunderbird"].export(account, ExportOptions(format="autoconfig"))
    response = client.get(f"{PATHS[0]}?emailaddress=anna@gmx.de")
    assert response.data == export.content
    assert response.headers["Content-Type"] == export.media_type


def test_autoconfig_is_kept_by_caches_and_asked_again_by_its_tag(client: FlaskClient) -> None:
    url = f"{PATHS[0]}?emailaddress=anna@gmx.de"
    first = client.get(url)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "public, max-age=86400"
    for condition in (tag, f'"other", W/{tag}', "*"):
        again = client.get(url, headers={"If-None-Match": condition})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    head = client.head(url)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(first.data))


def test_autoconfig_takes_the_domain_of_the_host_name_where_no_address_is_given(client: FlaskClient) -> None:
    response = client.get(PATHS[0], headers={"Host": "autoconfig.gmx.de:443"})
    assert b"<domain>gmx.de</domain>" in response.data
    assert client.get(PATHS[0], headers={"Host": "autoconfig.example.org"}).status_code == 404
    assert client.get(PATHS[0]).status_code == 400


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"emailaddress=anna@{MARK}", 400),
        ("emailaddress=anna@unmistakable.example", 404),
        ("emailaddress=", 400),
        ("emailaddress=unmistakable", 400),
        ("emailaddress=%ff%fe@gmx.de", 400),
        ("emailaddress=a%0d%0ab@gmx.de", 400),
        ("emailaddress=a%00@gmx.de", 400),
        ("emailaddress=" + "a" * 65 + "@gmx.de", 400),
        ("emailaddress=" + "a" * 2000 + "@gmx.de", 400),
        ("&".join(f"x{number}=1" for number in range(20)), 400),
        ("domain=gmx.de", 400),
    ],
)
def test_autoconfig_refuses_without_an_echo(client: FlaskClient, query: str, status: int) -> None:
    response = client.get(f"{PATHS[0]}?{query}")
    assert response.status_code == status
    assert response.mimetype == "text/plain"
    assert b"unmistakable" not in response.data
    assert response.headers["Cache-Control"] == "no-store"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(address=st.text(max_size=80), domain=st.sampled_from(["", "@gmx.de", "@gmx.net", "@x"]))
def test_no_address_breaks_it(client: FlaskClient, address: str, domain: str) -> None:
    whole = address + domain
    autoconfig = client.get(PATHS[0], query_string={"emailaddress": whole.encode("utf-8", "replace")})
    assert autoconfig.status_code in (200, 400, 404)
    try:
        body = question(whole)
    except ValueError:  # what no XML can hold
        return
    assert discover(client, body).status_code in (200, 400, 404)


def test_other_methods_are_refused(client: FlaskClient) -> None:
    response = client.post(PATHS[0])
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    response = client.get("/autodiscover/autodiscover.xml")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_the_memory_for_documents_is_bounded() -> None:
    answers = Autoconfig(providers.load())
    for number in range(KEPT_MAX + 50):
        environ = {"REQUEST_METHOD": "GET", "QUERY_STRING": f"emailaddress=a@x{number}.gmx"}
        assert answers(environ).status == "200 OK"
    assert answers._answers.cache_info().currsize == KEPT_MAX


# Autodiscover


@pytest.mark.parametrize(
    "path", ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AUTODISCOVER/AUTODISCOVER.XML"]
)
def test_autodiscover_answers_in_any_letter_case(client: FlaskClient, path: str) -> None:
    response = discover(client, question("Anna&Co@GMX.de"), path)
    assert response.status_code == 200
    root = fromstring(response.data)
    assert root.tag == f"{{{ENVELOPE}}}Autodiscover"
    protocols = [
        {element.tag.partition("}")[2]: element.text for element in protocol}
        for protocol in root.iter(f"{{{SETTINGS}}}Protocol")
    ]
    shared = {"DomainRequired": "off", "LoginName": "anna&co@gmx.de", "SPA": "off", "SSL": "on", "Encryption": "SSL",
              "AuthRequired": "on"}  # fmt: skip
    assert protocols == [
        {"Type": "POP3", "Server": "pop.gmx.net", "Port": "995", **shared},
        {"Type": "SMTP", "Server": "mail.gmx.net", "Port": "465", **shared, "UsePOPAuth": "on"},
    ]
    assert response.headers["Cache-Control"] == "no-store"


BOMB = b'<!DOCTYPE x [<!ENTITY a "unmistakable"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"", 400, "600", id="empty"),
        pytest.param(b"\xff\xfe\x00unmistakable", 400, "600", id="binary"),
        pytest.param(b"<Autodiscover>unmistakable", 400, "600", id="broken"),
        pytest.param(BOMB + question("anna@gmx.de").partition(b"?>")[2], 400, "600", id="entities"),
        pytest.param(b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>", 400, "600", id="external"),
        pytest.param(b'<?xml version="1.0" encoding="unmistakable"?><a/>', 400, "600", id="encoding"),
        pytest.param(b"<a/>", 400, "600", id="other document"),
        pytest.param(question(""), 400, "600", id="no address"),
        pytest.param(question("unmistakable"), 400, "600", id="no mail address"),
        pytest.param(question("anna@gmx.de", schema=""), 400, "600", id="no schema"),
        pytest.param(question("anna@gmx.de", schema=SETTINGS.replace("outlook", "mobilesync")), 400, "601", id="phone"),
        pytest.param(question("anna@gmx.de", namespace="urn:unmistakable"), 400, "601", id="namespace"),
        pytest.param(question("anna@unmistakable.example"), 404, "500", id="unknown domain"),
    ],
)
def test_autodiscover_refuses_cleanly(client: FlaskClient, body: bytes, status: int, code: str) -> None:
    response = discover(client, body)
    assert response.status_code == status
    root = fromstring(response.data)
    assert root.findtext(f".//{{{ENVELOPE}}}ErrorCode") == code
    assert b"unmistakable" not in response.data


def test_autodiscover_reads_no_more_than_a_question(client: FlaskClient) -> None:
    assert discover(client, b"<a>" + b"x" * 20_000 + b"</a>").status_code == 413


def test_autodiscover_takes_no_length_of_thousands_of_digits(app: Flask) -> None:
    environ = create_environ("/autodiscover/autodiscover.xml", method="POST")
    environ["CONTENT_LENGTH"] = "0" * 5000 + "5"
    status = []
    b"".join(app.wsgi_app(environ, lambda line, *_: status.append(line)))
    assert status[0][:3] in ("400", "413")


def test_autodiscover_reads_a_body_without_a_length(app: Flask) -> None:
    statuses: list[str] = []

    class Stream:
        def read(self, size: int) -> bytes:
            return b"x" * size

    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/autodiscover/autodiscover.xml", "wsgi.input": Stream(),
    }  # fmt: skip

    def start(status: str, _headers: object, _exc_info: object = None) -> Any:
        statuses.append(status)

    app.wsgi_app(environ, start)
    app.wsgi_app({**environ, "wsgi.input_terminated": True}, start)
    assert statuses == ["400 Bad Request", "413 Content Too Large"]


def test_everything_else_is_left_to_the_pages(client: FlaskClient) -> None:
    assert client.get("/mail/other.xml").status_code == 404
    assert client.get("/healthz").data == b"ok\n"


def test_the_address_of_the_answer_is_the_one_in_canonical_form(client: FlaskClient) -> None:
    response = discover(client, question(" ANNA@gmx.de "))
    assert parse_address("ANNA@gmx.de").encode() in response.data


# Autodiscover v2 and ActiveSync: what new Outlook asks


@pytest.mark.parametrize(
    ("path", "query", "status", "key", "value"),
    [
        ("/autodiscover/autodiscover.json", "Email=anna@gmx.de&Protocol=Autodiscoverv1", 200, "Url",
         "https://autodiscover.gmx.de/autodiscover/autodiscover.xml"),
        ("/Autodiscover/Autodiscover.JSON/v1.0/anna@gmx.de", "Protocol=AutodiscoverV1", 200, "Protocol", "AutodiscoverV1"),
        ("/autodiscover/autodiscover.json", "Email=anna@gmx.de&Protocol=ActiveSync", 404, "ErrorCode",
         "ProtocolNotSupported"),
        ("/autodiscover/autodiscover.json", "Email=anna@unmistakable.example&Protocol=Rest", 404, "ErrorCode",
         "UserNotFound"),
        ("/autodiscover/autodiscover.json", "Email=unmistakable&Protocol=Ews", 400, "ErrorCode", "InvalidRequest"),
        ("/autodiscover/autodiscover.json", "", 400, "ErrorCode", "InvalidRequest"),
    ],
)  # fmt: skip
def test_autodiscover_v2_leads_to_the_document_or_says_no_in_json(
    client: FlaskClient, path: str, query: str, status: int, key: str, value: str
) -> None:
    response = client.get(f"{path}?{query}")
    assert (response.status_code, response.mimetype) == (status, "application/json")
    assert response.get_json()[key] == value
    assert "unmistakable" not in response.text
    assert "Set-Cookie" not in response.headers


def test_a_question_for_activesync_is_refused_in_its_own_format(client: FlaskClient) -> None:
    mobile = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"
    for body in (
        question("anna@gmx.de", f"{mobile}responseschema/2006", f"{mobile}requestschema/2006"),
        question("anna@gmx.de", f"{mobile}responseschema/2006"),
    ):
        response = discover(client, body)
        assert (response.status_code, response.mimetype) == (200, "text/xml")
        error = fromstring(response.data).find(f".//{{{mobile}responseschema/2006}}Error")
        assert error is not None
        assert error.findtext(f"{{{mobile}responseschema/2006}}Status") == "2"
        assert b"anna" not in response.data


# Without an address, and PACC


def test_the_host_name_stands_for_the_domain_on_the_well_known_path(client: FlaskClient) -> None:
    path = "/.well-known/autoconfig/mail/config-v1.1.xml"
    assert b"<domain>gmx.de</domain>" in client.get(path, headers={"Host": "gmx.de"}).data
    assert client.get(path, headers={"Host": "pop.example.org"}).status_code == 400
    assert client.get("/mail/config-v1.1.xml", headers={"Host": "gmx.de"}).status_code == 400
    assert client.get(f"{path}?emailaddress=", headers={"Host": "gmx.de"}).status_code == 400


def test_pacc_is_served_under_its_host_name_and_pinned_by_the_digest(client: FlaskClient) -> None:
    response = client.get(pacc.PATH, headers={"Host": "ua-auto-config.gmx.de:443"})
    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert response.get_json() == {
        "protocols": {
            "pop3": {"host": "pop.gmx.net"}, "imap": {"host": "imap.gmx.net"}, "submit": {"host": "mail.gmx.net"},
        },
        "authentication": {"password": True},
        "info": {"provider": {"name": "GMX", "shortName": "GMX"}},
    }  # fmt: skip
    digest = base64.b64encode(hashlib.sha256(response.data).digest()).decode()
    assert pacc.record(providers.load()["gmx.net"]) == f"v=UAAC1; a=sha256; d={digest}"
    for host in ("ua-auto-config.web.de", "ua-auto-config.example.org", "gmx.de"):  # web.de: the local part is the name
        assert client.get(pacc.PATH, headers={"Host": host}).status_code == 404
