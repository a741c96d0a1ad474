"""The comparison of the provider files with what is published, against a web server that does what a real one may."""

from __future__ import annotations

import base64
import hmac
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner

from tests.support.dovecot import Dovecot
from tests.support.providers import PROVIDERS
from webapp import create_app, drift, periodic, providers
from webapp.cli import cli
from webapp.clients import autoconfig
from webapp.config import Config
from webapp.drift import documents, links, watch
from webapp.drift.fetching import OCTETS_MAX, REDIRECTS_MAX, Fetcher, FetchError
from webapp.drift.findings import Finding, Severity
from webapp.probe import tls_context
from webapp.providers import Provider

SECRET = "a webhook secret that is only for tests"
BOMB = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><clientConfig><emailProvider><domain>&b;</domain></emailProvider></clientConfig>'


@dataclass
class Web:
    """A web server on loopback, by HTTPS. answers: path → what is done with a request for it."""

    authority: trustme.CA
    port: int = 0
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    received: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str, host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    def says(self, path: str, content: bytes = b"", status: int = 200, **headers: str) -> str:
        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                request.send_header(name, value)
            request.end_headers()
            if request.command != "HEAD":
                request.wfile.write(content)

        self.answers[path] = answer
        return self.url(path)

    def redirects(self, path: str, target: str, status: int = 301) -> str:
        return self.says(path, status=status, Location=target)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    made = Web(trustme.CA())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            made.asked.append((self.command, self.path))
            self.close_connection = True
            found = made.answers.get(self.path.partition("?")[0])
            if self.command == "POST":
                made.received.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            if found is None:
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                found(self)

        do_GET = do_HEAD = do_POST = answer  # noqa: N815  the names that http.server asks for

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield made
    made.stopping.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def ca_file(web: Web, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    web.authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def fetcher(ca_file: Path) -> Fetcher:
    return Fetcher(tls_context(ca_file))


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
    fetcher = Fetcher(tls_context(ca_file), whole_seconds=0.3, read_seconds=0.5)
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
        Fetcher(tls_context()).get(web.says("/x"))
    with pytest.raises(FetchError, match="connection"):
        Fetcher(tls_context()).get("https://localhost:1/")


# Help links


def test_follows_every_link_and_says_where_it_leads(web: Web, provider: Provider, fetcher: Fetcher) -> None:
    def knows_no_head(request: BaseHTTPRequestHandler) -> None:
        request.send_response(405 if request.command == "HEAD" else 200)
        request.send_header("Content-Length", "0")
        request.end_headers()

    web.answers["/no-head"] = knows_no_head
    web.says("/here")
    cases = {
        web.url("/here"): [],
        web.url("/no-head"): [],
        web.url("/gone"): [("difference", "link-broken")],
        web.says("/410", status=410): [("difference", "link-broken")],
        web.says("/503", status=503): [("unreadable", "link-unreachable")],
        web.redirects("/moved", "/here"): [("difference", "link-moved")],
        web.redirects("/for-now", "/here", 302): [("note", "link-moved")],
        web.redirects("/elsewhere", web.url("/here", host="127.0.0.1"), 302): [("difference", "link-moved")],
        "https://localhost:1/": [("unreadable", "link-unreachable")],
    }
    for url, expected in cases.items():
        found = links.followed(provider, url, fetcher)
        assert [(finding.severity.value, finding.kind) for finding in found] == expected, url
        assert all(finding.subject == url for finding in found)


def test_knows_every_link_of_a_provider(provider: Provider) -> None:
    found = links.of(provider)
    assert len(found) == len(set(found)) > 5
    assert all(link.startswith("https://") for link in found)


# The command


@pytest.fixture
def environment(web: Web, ca_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Web:
    """Return the web server to which the links of every provider lead."""
    folder = tmp_path / "providers"
    folder.mkdir()
    for file in PROVIDERS.glob("*.toml"):
        text = re.sub(r"https://(?:hilfe|support|postmaster|www)\.[^\"/ ]+", web.url(""), file.read_text("utf-8"))
        (folder / file.name).write_text(text, "utf-8")
    for name, value in {
        "WEBAPP_PROVIDERS_DIR": str(folder), "WEBAPP_TLS_CA_FILE": str(ca_file), "LC_ALL": "C",
        "WEBAPP_DATA_DIR": str(tmp_path / "data"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for known in providers.load(folder).values():
        web.says(f"/doc/{known.id}", published(known))
        for link in links.of(known):
            web.says(link.removeprefix(web.url("")).partition("?")[0].partition("#")[0])
    return web


def call(web: Web, *arguments: str) -> tuple[int, str]:
    source = web.url("/doc/{domain}")
    result = CliRunner().invoke(cli, ["providers", "check", "--source", source, "--no-dial", *arguments])
    assert "Traceback" not in result.output
    return result.exit_code, result.stdout


def test_the_command_says_that_all_agrees(environment: Web) -> None:
    code, output = call(environment)
    assert (code, output.count("Everything agrees.")) == (0, 2), output
    assert any(method == "HEAD" for method, _ in environment.asked)


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
    assert call(environment, "web.de")[0] == 2


def test_the_list_of_providers_is_as_it_was() -> None:
    result = CliRunner().invoke(cli, ["providers", "--json"])
    assert result.exit_code == 0
    assert [row["id"] for row in json.loads(result.stdout)] == list(providers.load())


@pytest.mark.peers
def test_dials_the_servers_without_a_login(dovecot: Dovecot, fetcher: Fetcher) -> None:
    settings = Config.from_environment(dovecot.environment)
    provider = providers.load(settings.providers_dir)["gmx.net"]
    trusting = Fetcher(tls_context(settings.tls_ca_file))
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


def test_tells_the_operator_once_and_proves_who_it_is(environment: Web, watching: Config, provider: Provider) -> None:
    app = create_app(watching)
    check = drift.Check(sources=[environment.url("/doc/{domain}")], servers=False)
    with app.app_context():
        assert watch.watch(app, check) == []
        assert environment.received == []
        environment.says("/doc/gmx.net", published(provider).replace(b"<domain>gmx.at</domain>", b""))
        assert len(watch.watch(app, check)) == 1
        watch.watch(app, check)  # the same again is no news
    ((headers, body),) = environment.received
    shape = json.loads(body)
    assert (shape["event"], shape["site"]) == ("provider-drift", "https://pop.example.org")
    assert [finding["subject"] for finding in shape["findings"]] == ["gmx.at"]
    content = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(SECRET.encode(), content, "sha256")).decode()
    assert headers["Webhook-Signature"] == f"v1,{expected}"
    assert headers["Content-Type"] == "application/json"


def test_what_could_not_be_told_is_told_the_next_time(
    environment: Web, watching: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "TRIES_AFTER", (0.0, 0.0))
    environment.says("/doc/gmx.net", b"<html></html>")
    environment.says("/hook", status=500)
    app = create_app(watching)
    check = drift.Check(sources=[environment.url("/doc/{domain}")], links=False, servers=False)
    with app.app_context():
        watch.watch(app, check)
        assert len(environment.received) == 2  # tried twice
        first, second = (headers for headers, _ in environment.received)
        assert first["Webhook-Id"] == second["Webhook-Id"]
        environment.redirects("/hook", environment.url("/elsewhere"))
        watch.watch(app, check)
        assert ("POST", "/elsewhere") not in environment.asked  # a message goes nowhere else
        environment.says("/hook", status=200)
        watch.watch(app, check)
        count = len(environment.received)
        watch.watch(app, check)
        assert len(environment.received) == count


def test_the_duty_runs_only_where_an_interval_is_set(config: Config, watching: Config) -> None:
    for settings, expected in ((config, None), (watching, 3600)):
        (duty,) = [duty for duty in periodic.duties(create_app(settings)) if duty.name == "drift"]
        assert duty.seconds(settings) == expected
