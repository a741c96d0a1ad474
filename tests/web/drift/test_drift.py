"""The comparison of the provider files with what is published, against a web server that does what a real one may."""

from __future__ import annotations

import base64
import hmac
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import update

from tests.support.dovecot import Dovecot
from tests.support.providers import PROVIDERS
from tests.support.web import Web
from webapp import create_app
from webapp.cli import cli
from webapp.core import providers
from webapp.core.clients import autoconfig
from webapp.core.providers import Provider
from webapp.infrastructure import background, db, outbox
from webapp.infrastructure.config import Config
from webapp.infrastructure.http_client import OCTETS_MAX
from webapp.infrastructure.models import Delivery
from webapp.web import drift
from webapp.web.drift import documents, help_pages, watch
from webapp.web.drift.fetching import REDIRECTS_MAX, Fetcher, FetchError
from webapp.web.drift.findings import Finding, Severity

SECRET = "a webhook secret that is only for tests"
BOMB = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><clientConfig><emailProvider><domain>&b;</domain></emailProvider></clientConfig>'


@pytest.fixture
def fetcher(ca_file: Path) -> Fetcher:
    return Fetcher(ca_file)


@pytest.fixture
def provider() -> Provider:
    return providers.load()["gmx.net"]


def published(provider: Provider) -> bytes:
    """Return a document that says what the file of `provider` says: every server, every domain."""
    servers = "".join(
        f'<{tag} type="{s.type}"><hostname>{s.hostname}</hostname><port>{s.port}</port>'
        f"<socketType>{s.socket_type}</socketType></{tag}>"
        for s in provider.servers
        for tag in ["outgoingServer" if s.type == "smtp" else "incomingServer"]
    )
    domains = "".join(f"<domain>{domain}</domain>" for domain in sorted(provider.domains))
    text = f'<clientConfig version="1.1"><emailProvider id="{provider.id}">{domains}{servers}</emailProvider></clientConfig>'
    return text.encode()


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(finding.severity.value, finding.kind, finding.subject) for finding in findings]


# Documents


def test_a_document_that_says_the_same_gives_nothing_to_say(web: Web, provider: Provider, fetcher: Fetcher) -> None:
    url = web.says("/same", published(provider))
    assert documents.compared(provider, url, fetcher) == []


def test_names_what_only_one_side_has(web: Web, provider: Provider, fetcher: Fetcher) -> None:
    content = published(provider).replace(b"<port>995</port>", b"<port>9995</port>")
    content = content.replace(b"<domain>gmx.at</domain>", b"<domain>gmx.fr</domain>")
    url = web.says("/other", content)
    assert told(documents.compared(provider, url, fetcher)) == [
        ("difference", "server-not-published", "pop3 pop.gmx.net:995 SSL"),
        ("difference", "server-not-ours", "pop3 pop.gmx.net:9995 SSL"),
        ("difference", "domain-not-published", "gmx.at"),
        ("difference", "domain-not-ours", "gmx.fr"),
    ]


def test_a_server_without_encryption_is_only_noted(web: Web, provider: Provider, fetcher: Fetcher) -> None:
    plain = b'<incomingServer type="pop3"><hostname>pop.gmx.net</hostname><port>110</port><socketType>plain</socketType></incomingServer>'
    url = web.says("/plain", published(provider).replace(b"</emailProvider>", plain + b"</emailProvider>"))
    assert told(documents.compared(provider, url, fetcher)) == [
        ("note", "server-not-ours", "pop3 pop.gmx.net:110 plain")
    ]


def test_reads_the_document_that_we_serve_ourselves(provider: Provider) -> None:
    document = documents.parse(autoconfig.document(provider.account("anna@gmx.de")))
    assert document.domains == {"gmx.de"}
    assert {(server.type, server.port) for server in document.servers} == {("pop3", 995), ("smtp", 465)}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<!doctype html><html><body>Willkommen</body></html>", "document-unreadable"),
        (b"<html><body>Willkommen</body></html>", "document-unreadable"),
        (BOMB, "document-unreadable"),
        (b"", "document-unreadable"),
        (b"<clientConfig/>", "document-unreadable"),
        (b"\xff\xfe<", "document-unreadable"),
        (b'<?xml version="1.0" encoding="nonsense"?><clientConfig/>', "document-unreadable"),
        (b" " * (OCTETS_MAX + 1), "document-unreachable"),
    ],
    ids=["html", "xhtml", "entity-bomb", "empty", "no-provider", "binary", "unknown-encoding", "oversized"],
)
def test_what_is_no_document_is_said_to_be_none(
    web: Web, provider: Provider, fetcher: Fetcher, content: bytes, kind: str
) -> None:
    url = web.says("/odd", content)
    assert told(documents.compared(provider, url, fetcher)) == [("unreadable", kind, url)]


def test_a_missing_document_is_a_note_and_an_error_is_none(web: Web, provider: Provider, fetcher: Fetcher) -> None:
    missing, broken = web.url("/missing"), web.says("/broken", status=503)
    assert told(documents.compared(provider, missing, fetcher)) == [("note", "document-missing", missing)]
    assert told(documents.compared(provider, broken, fetcher)) == [("unreadable", "document-unreachable", broken)]


def test_a_redirect_to_another_host_is_told_and_followed(web: Web, provider: Provider, fetcher: Fetcher) -> None:
    web.says("/new", published(provider))
    url = web.redirects("/old", web.url("/new", host="127.0.0.1"))
    (finding,) = documents.compared(provider, url, fetcher)
    assert (finding.severity, finding.kind) == (Severity.DIFFERENCE, "document-moved")
    assert "127.0.0.1" in str(finding.text)


# Fetching


def test_gives_up_on_a_slow_answer(web: Web, ca_file: Path) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not web.stopping.wait(0.05):
            request.wfile.write(b" ")

    def silent(_request: BaseHTTPRequestHandler) -> None:
        web.stopping.wait(60)

    web.answers |= {"/drip": drip, "/silent": silent}
    fetcher = Fetcher(ca_file, seconds=0.5)
    for path in ("/drip", "/silent"):
        with pytest.raises(FetchError, match="No answer in time"):
            fetcher.get(web.url(path))


def test_a_circle_of_redirects_ends(web: Web, fetcher: Fetcher) -> None:
    for number in range(REDIRECTS_MAX + 3):
        web.redirects(f"/{number}", f"/{number + 1}", 302)
    web.redirects("/self", "/self")
    for path in ("/0", "/self"):
        with pytest.raises(FetchError, match="circle"):
            fetcher.get(web.url(path))
    assert len(web.asked) == REDIRECTS_MAX + 2


def test_does_not_leave_encryption_by_a_redirect(web: Web, fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="without encryption"):
        fetcher.get(web.redirects("/down", f"http://localhost:{web.port}/x"))


def test_trusts_no_certificate_that_it_does_not_know(web: Web) -> None:
    with pytest.raises(FetchError, match="certificate"):
        Fetcher().get(web.says("/x"))
    with pytest.raises(FetchError, match="connection"):
        Fetcher().get("https://localhost:1/")


# Help links


def test_follows_every_link_and_says_where_it_leads(web: Web, provider: Provider, fetcher: Fetcher) -> None:
    web.says("/here", b" " * (OCTETS_MAX + 1))  # nobody reads it
    cases = {
        web.url("/here"): [],
        web.url("/gone"): [("difference", "link-broken")],
        web.says("/410", status=410): [("difference", "link-broken")],
        web.says("/503", status=503): [("unreadable", "link-unreachable")],
        web.redirects("/moved", "/here"): [("difference", "link-moved")],
        web.redirects("/for-now", "/here", 302): [("note", "link-moved")],
        web.redirects("/elsewhere", web.url("/here", host="127.0.0.1"), 302): [("difference", "link-moved")],
        "https://localhost:1/": [("unreadable", "link-unreachable")],
    }
    for url, expected in cases.items():
        found = help_pages.followed(provider, url, fetcher)
        assert [(finding.severity.value, finding.kind) for finding in found] == expected, url
        assert all(finding.subject == url for finding in found)


def test_knows_every_link_of_a_provider(provider: Provider) -> None:
    found = help_pages.of(provider)
    assert len(found) == len(set(found)) > 5
    assert all(link.startswith("https://") for link in found)


# The command


@pytest.fixture
def environment(web: Web, ca_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Web:
    """Return the web server to which the links of every provider lead."""
    folder, here = tmp_path / "providers", web.url("", "127.0.0.1")  # a link wants a dot in its host
    folder.mkdir()
    for file in PROVIDERS.glob("*.toml"):
        text = re.sub(r"https://(?:hilfe|support|postmaster|www)\.[^\"/ ]+", here, file.read_text("utf-8"))
        (folder / file.name).write_text(text, "utf-8")
    for name, value in {
        "WEBAPP_PROVIDERS_DIR": str(folder), "WEBAPP_TLS_CA_FILE": str(ca_file), "LC_ALL": "C",
        "WEBAPP_DATA_DIR": str(tmp_path / "data"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for known in providers.load(folder).values():
        web.says(f"/doc/{known.id}", published(known))
        for link in help_pages.of(known):
            web.says(link.removeprefix(here).partition("?")[0].partition("#")[0])
    return web


def call(web: Web, *arguments: str) -> tuple[int, str]:
    source = web.url("/doc/{domain}")
    result = CliRunner().invoke(cli, ["providers", "check", "--source", source, "--no-dial", *arguments])
    assert "Traceback" not in result.output
    return result.exit_code, result.stdout


def test_the_command_says_that_all_agrees(environment: Web) -> None:
    code, output = call(environment)
    assert (code, output.count("Everything agrees.")) == (0, len(providers.load())), output
    assert len(environment.asked) > 20  # documents and links


def test_the_command_prints_a_difference_to_read_and_to_parse(environment: Web, provider: Provider) -> None:
    changed = published(provider).replace(b"<port>465</port>", b"<port>4465</port>")
    environment.says("/doc/gmx.net", changed)
    code, output = call(environment, "gmx.net", "--no-links")
    assert code == 1
    assert "✗ smtp mail.gmx.net:465 SSL: Only our file has this server." in output
    code, output = call(environment, "gmx.net", "--no-links", "--json", "--locale", "de")
    assert code == 1
    assert json.loads(output)[0] == {
        "provider": "gmx.net", "severity": "difference", "kind": "server-not-ours",
        "subject": "smtp mail.gmx.net:4465 SSL", "source": environment.url("/doc/gmx.net"),
        "text": "Dieser Server fehlt in unserer Datei.",
    }  # fmt: skip


def test_the_command_ends_with_two_where_it_could_not_ask(environment: Web) -> None:
    environment.says("/doc/gmx.net", b"<html></html>")
    assert call(environment, "gmx.net", "--no-links")[0] == 2
    assert call(environment, "freenet.de")[0] == 2


def test_the_list_of_providers_is_as_it_was() -> None:
    result = CliRunner().invoke(cli, ["providers", "--json"])
    assert result.exit_code == 0
    assert [row["id"] for row in json.loads(result.stdout)] == list(providers.load())


@pytest.mark.peers
def test_dials_the_servers_without_a_login(dovecot: Dovecot, fetcher: Fetcher) -> None:
    settings = Config.from_environment(dovecot.environment)
    provider = providers.load(settings.providers_dir)["gmx.net"]
    trusting = Fetcher(settings.tls_ca_file)
    check = drift.Check(sources=(), links=False)
    before = sum(dovecot.attempts(user.address) for user in dovecot.users)
    assert drift.compare(provider, check, trusting) == []
    assert sum(dovecot.attempts(user.address) for user in dovecot.users) == before
    untrusting = drift.compare(provider, check, fetcher)
    assert {(finding.severity, finding.kind) for finding in untrusting} == {(Severity.DIFFERENCE, "server-failed")}


# The watch


@pytest.fixture
def watching(environment: Web, config: Config, ca_file: Path, tmp_path: Path) -> Config:
    return replace(
        config, providers_dir=tmp_path / "providers", tls_ca_file=ca_file, drift_interval=3600,
        operator_webhook=environment.says("/hook", status=204), operator_webhook_secret=SECRET,
        public_url="https://pop.example.org",
    )  # fmt: skip


def run(app: Flask, check: drift.Check, after: timedelta = timedelta(0)) -> list[Finding]:
    """Compare, and send what is due `after` some time; return what was found."""
    with app.app_context():
        found = watch.watch(app, check)
        outbox.deliver(outbox.OPERATOR, outbox._send_to_operator, datetime.now(UTC) + after)
    return found


def test_tells_the_operator_once_and_proves_who_it_is(environment: Web, watching: Config, provider: Provider) -> None:
    app = create_app(watching)
    check = drift.Check(sources=[environment.url("/doc/{domain}")], links=False, servers=False)
    assert run(app, check) == []
    assert environment.received == []
    environment.says("/doc/gmx.net", published(provider).replace(b"<domain>gmx.at</domain>", b""))
    assert len(run(app, check)) == 1
    run(app, check)  # the same again is no news, after a restart neither
    run(create_app(watching), check)
    ((headers, body),) = environment.received
    shape = json.loads(body)
    assert (shape["event"], shape["site"]) == ("provider-drift", "https://pop.example.org")
    assert [finding["subject"] for finding in shape["findings"]] == ["gmx.at"]
    content = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(SECRET.encode(), content, "sha256")).decode()
    assert headers["Webhook-Signature"] == f"v1,{expected}"
    assert headers["Content-Type"] == "application/json"


def test_what_could_not_be_told_is_told_the_next_time(environment: Web, watching: Config) -> None:
    environment.says("/doc/gmx.net", b"<html></html>")
    environment.says("/hook", status=500)
    app = create_app(watching)
    check = drift.Check(sources=[environment.url("/doc/{domain}")], links=False, servers=False)
    run(app, check)
    run(app, check, timedelta(hours=1))  # one message, tried twice
    first, second = (headers for headers, _ in environment.received)
    assert first["Webhook-Id"] == second["Webhook-Id"]
    environment.redirects("/hook", environment.url("/elsewhere"))
    run(app, check, timedelta(hours=2))  # given up
    assert ("POST", "/elsewhere") not in environment.asked  # a message goes nowhere else
    environment.says("/hook", status=200)
    run(app, check)
    assert len(environment.received) == 4
    assert environment.received[-1][0]["Webhook-Id"] != first["Webhook-Id"]
    run(app, check)
    assert len(environment.received) == 4


def test_what_has_gone_is_news_when_it_comes_back(environment: Web, watching: Config, provider: Provider) -> None:
    app = create_app(watching)
    check = drift.Check(sources=[environment.url("/doc/{domain}")], links=False, servers=False)
    broken = published(provider).replace(b"<domain>gmx.at</domain>", b"")
    for number, content in enumerate([broken, published(provider), broken, broken]):
        environment.says("/doc/gmx.net", content)
        run(app, check)
        assert len(environment.received) == (1, 1, 2, 2)[number]


def test_what_was_told_is_remembered_for_as_long_as_it_lasts(environment: Web, watching: Config) -> None:
    app = create_app(watching)
    check = drift.Check(sources=[environment.url("/doc/{domain}")], links=False, servers=False)
    environment.says("/doc/gmx.net", b"<html></html>")
    run(app, check)
    with app.app_context():
        for _ in range(3):
            with db.begin() as session:
                session.execute(update(Delivery).values(created_at=datetime.now(UTC) - outbox.KEPT + timedelta(days=1)))
            run(app, check)
            assert outbox.purge(datetime.now(UTC) + timedelta(days=2)) == 0
    assert len(environment.received) == 1


def test_the_duty_runs_only_where_an_interval_is_set(config: Config, watching: Config) -> None:
    for settings, expected in ((config, None), (watching, 3600)):
        assert background.of(create_app(settings)).duties["drift"].seconds(settings) == expected
