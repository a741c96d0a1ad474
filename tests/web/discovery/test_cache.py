"""The cache that docs/discovery.md puts in front of discovery."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
import requests

from tests.support.nginx import Nginx, discovery_cache, well_known
from tests.support.requirements import need_commands
from tests.support.serving import Served, serving

pytestmark = pytest.mark.peers

PATH = "/mail/config-v1.1.xml"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Nginx]]:
    need_commands("nginx")
    with serving(tmp_path_factory.mktemp("site") / "data") as served, discovery_cache(served.port) as nginx:
        yield served, nginx


def ask(port: int, query: str = "", **headers: str) -> requests.Response:
    return requests.get(f"http://127.0.0.1:{port}{PATH}{query}", headers=headers, timeout=60)


def test_answers_from_memory_what_the_site_answers(site: tuple[Served, Nginx]) -> None:
    served, nginx = site
    before = served.errors
    documents = {ask(nginx.port, f"?emailaddress={name}@gmx.de").content for name in ("anna", "otto", "vera.m%2Bx")}
    assert documents == {ask(served.port, "?emailaddress=anna@gmx.de").content}
    assert ask(nginx.port, "?emailaddress=anna%40gmx.de").content in documents
    assert ask(nginx.port, "?emailaddress=anna@gmx.com").content not in documents
    served.process.send_signal(signal.SIGSTOP)  # nobody but the cache can answer
    try:
        assert ask(nginx.port, "?emailaddress=berta@gmx.de").content in documents
    finally:
        served.process.send_signal(signal.SIGCONT)
    assert served.errors == before


def test_keeps_no_address_and_nothing_that_is_no_document(site: tuple[Served, Nginx]) -> None:
    served, nginx = site
    for query, status in (
        ("?emailaddress=canary@gmx.de", 200), ("?emailaddress=canary@canary.example", 404), ("?emailaddress=canary", 400),
        ("?emailaddress=a@b@gmx.de", 400), ("", 400), ("?x=canary", 400),
    ):  # fmt: skip
        assert ask(nginx.port, query).status_code == ask(served.port, query).status_code == status, query
    kept = [path.read_bytes() for path in (nginx.folder / "wizard").rglob("*") if path.is_file()]
    assert len(kept) <= 2
    assert kept
    assert not any(b"canary" in content or b"anna" in content for content in kept)


def test_without_an_address_the_host_name_decides(site: tuple[Served, Nginx]) -> None:
    _, nginx = site
    found = ask(nginx.port, Host="autoconfig.gmx.de")
    assert found.status_code == 200
    assert ask(nginx.port, Host="autoconfig.example.org").status_code == 404


@pytest.mark.parametrize("path", ["/.well-known/autoconfig/mail/config-v1.1.xml", "/.well-known/mail-v1.xml"])
@pytest.mark.parametrize("query", ["", "?emailaddress=anna@gmx.de"])
def test_the_web_server_of_a_domain_hands_on_what_is_asked_without_an_address(
    site: tuple[Served, Nginx], path: str, query: str
) -> None:
    with well_known(site[0].port) as nginx:
        found = requests.get(f"http://127.0.0.1:{nginx.port}{path}{query}", headers={"Host": "gmx.de"}, timeout=60)
    assert (found.status_code, b"<domain>gmx.de</domain>" in found.content) == (200, True)
