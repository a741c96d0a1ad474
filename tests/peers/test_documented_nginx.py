"""nginx with the block of docs/operation.md, in front of a site, keeps what the page promises."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.support.nginx import DocumentedSite, documented_site
from tests.support.ports import free_port
from tests.support.requirements import need_commands
from tests.support.serving import serving
from webapp.cli.doctor import examine
from webapp.infrastructure.config import BODY_BYTES_MAX, TABLE_BYTES_MAX

pytestmark = pytest.mark.peers

WEAK = ("AES128-SHA", "AES256-SHA256", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "CAMELLIA256-SHA")
STRONG = ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site") / "data"


@pytest.fixture(scope="module")
def site(data: Path) -> Iterator[DocumentedSite]:
    need_commands("nginx", "openssl")
    settings = {"WEBAPP_PUBLIC_URL": "https://pop.example.org", "WEBAPP_TRUSTED_PROXIES": "1"}
    port = free_port()
    with serving(data, port=port, **settings), documented_site(port) as nginx:
        yield nginx


def raw(port: int, text: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(text.encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def answers(site: DocumentedSite, addresses: list[str], path: str = "/healthz") -> list[requests.Response]:
    """Return what visitors from `addresses` get, one after the other on one connection."""
    with requests.Session() as session:
        session.headers["Host"] = "pop.example.org"
        url, verify = f"https://localhost:{site.https}{path}", str(site.authority)
        return [session.get(url, headers={"X-Visitor": address}, timeout=60, verify=verify) for address in addresses]


@pytest.mark.parametrize("path", ["/%0d%0aX:y", "/%0d%0aSet-Cookie:%20helpdesk=planted%0d%0a%0d%0aowned", "/%0aX:y"])
def test_no_path_becomes_a_header_of_the_answer_on_port_80(site: DocumentedSite, path: str) -> None:
    answer = raw(site.http, f"GET {path} HTTP/1.0\r\nHost: pop.example.org\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    names = {line.partition(b":")[0].lower() for line in head.splitlines()[1:]}
    assert names <= {b"server", b"date", b"content-type", b"content-length", b"connection", b"location"}
    assert b"owned" not in body
    assert f"\r\nLocation: https://pop.example.org{path}\r\n".encode() in answer


def test_doctor_finds_nothing_wrong(site: DocumentedSite, data: Path) -> None:
    environ = {
        "WEBAPP_DATA_DIR": str(data), "WEBAPP_PUBLIC_URL": f"https://localhost:{site.https}", "WEBAPP_TRUSTED_PROXIES": "1",
        "WEBAPP_TLS_CA_FILE": str(site.authority), "WEBAPP_OPERATOR_NAME": "Stadtwerke", "WEBAPP_COUNTRY": "Deutschland",
        "WEBAPP_OPERATOR_CONTACT": "hilfe@example.org",
    }  # fmt: skip
    found = {finding.id for area in examine(environ) for finding in area.findings or ()}
    assert found <= {"disk-nearly-full"}  # of this machine


def test_port_80_takes_no_key_and_tells_no_version(site: DocumentedSite) -> None:
    request = "POST /api/v1/exports HTTP/1.0\r\nHost: pop.example.org\r\nAuthorization: Bearer x\r\n\r\n"
    answer = raw(site.http, request)
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"Location" not in answer
    assert not re.search(rb"nginx/\d", answer + raw(site.http, "GET / HTTP/1.0\r\nHost: pop.example.org\r\n\r\n"))


@pytest.mark.parametrize("cipher", [*WEAK, *STRONG])
def test_speaks_the_ciphers_that_are_recommended_and_no_others(site: DocumentedSite, cipher: str) -> None:
    call = ["openssl", "s_client", "-connect", f"127.0.0.1:{site.https}", "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0"]
    done = subprocess.run(call, input="", capture_output=True, text=True, check=False, timeout=30)
    assert ("Cipher is " + cipher in done.stdout) is (cipher in STRONG), done.stdout


def test_speaks_no_tls_of_former_days(site: DocumentedSite) -> None:
    for version in ("-tls1", "-tls1_1"):
        call = ["openssl", "s_client", "-connect", f"127.0.0.1:{site.https}", version, "-cipher", "ALL:@SECLEVEL=0"]
        done = subprocess.run(call, input="", capture_output=True, text=True, check=False, timeout=30)
        assert "Cipher is (NONE)" in done.stdout
    context = ssl.create_default_context(cafile=str(site.authority))
    with (
        socket.create_connection(("127.0.0.1", site.https), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert secure.version() == "TLSv1.3"


def test_hands_on_the_largest_table_that_the_site_takes(site: DocumentedSite) -> None:
    for octets in (BODY_BYTES_MAX + TABLE_BYTES_MAX, TABLE_BYTES_MAX):
        answer = requests.post(
            f"https://localhost:{site.https}/api/v1/exports", data=b"x" * octets, timeout=30, verify=str(site.authority),
            headers={"Host": "pop.example.org", "X-Visitor": "192.0.2.9", "Content-Type": "text/csv"},
        )  # fmt: skip
        assert answer.headers["Content-Type"].startswith("application/problem+json")  # the site's own word
        assert answer.status_code == 401
    assert not [path for path in site.nginx.folder.glob("*/**/*") if path.is_file() and "log" not in path.name]


def test_a_household_with_many_addresses_is_one_visitor(site: DocumentedSite) -> None:
    of_one_line = [[f"2001:db8:1:2:{number:x}::{n:x}" for n in range(1, 100)] for number in range(1, 9)]
    with ThreadPoolExecutor(len(of_one_line)) as pool:
        refused = [
            answer
            for found in pool.map(partial(answers, site), of_one_line)
            for answer in found
            if answer.status_code == 429
        ]
    assert refused
    told = refused[0]
    assert "Retry-After" in told.headers
    told.encoding = None  # as the header says
    assert "Bitte warten Sie" in told.content.decode()
    assert "Please wait" in told.content.decode()
    assert "charset=utf-8" in told.headers["Content-Type"].lower()
    neighbours = answers(site, ["2001:db8:1:3::1", "2001:db8:1:20::1", "192.0.2.1", "::1"])
    assert {answer.status_code for answer in neighbours} == {200}


def test_an_office_behind_one_address_may_press_at_once(site: DocumentedSite) -> None:
    assert {answer.status_code for answer in answers(site, ["192.0.2.2"] * 120)} == {200}
