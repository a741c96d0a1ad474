"""`doctor` against broken installations: the right sentence each time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text
from werkzeug.serving import make_server

from tests.support.certificates import Certificates
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from webapp import create_app
from webapp.cli import cli
from webapp.cli.doctor import examine, here, site, stores
from webapp.cli.doctor.finding import Finding
from webapp.connection_tests import jobs
from webapp.connection_tests.redis_engine import Worker
from webapp.infrastructure import db
from webapp.infrastructure.config import Config, sqlite_url
from webapp.infrastructure.models import Delivery, Lease, Pause

KEY = "a key that is long enough for tests"
CLOSED = 9  # nobody listens there

Wsgi = Callable[[dict[str, Any], Any], Any]


class Place:
    """An installation that is well, but that no site answers."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        shutil.copy(database, folder)
        self.key = folder / "secret-key"
        self.key.write_text(KEY)
        self.key.chmod(0o600)
        self.database = folder / "wizard.sqlite3"
        self.environ = {
            "WEBAPP_DATA_DIR": str(folder), "WEBAPP_PUBLIC_URL": f"http://localhost:{CLOSED}",
            "WEBAPP_OPERATOR_NAME": "Stadtwerke", "WEBAPP_OPERATOR_CONTACT": "help@example.org",
            "WEBAPP_COUNTRY": "Deutschland",
        }  # fmt: skip

    @property
    def config(self) -> Config:
        return Config.from_environment(self.environ).completed()

    def found(self, port: int = CLOSED) -> dict[str, Finding]:
        return {finding.id: finding for area in examine(self.environ, port) for finding in area.findings or ()}

    def set(self, **settings: str) -> None:
        self.environ |= {f"WEBAPP_{name.upper()}": value for name, value in settings.items()}

    def add(self, *rows: object) -> None:
        with db.begin(self.config) as session:
            session.add_all(rows)


@pytest.fixture
def place(tmp_path: Path, empty_database: Path) -> Iterator[Place]:
    yield Place(tmp_path / "site", empty_database)
    db.dispose()


def test_an_installation_that_is_well_hears_so(place: Place) -> None:
    assert set(place.found()) == {"site-silent", "site-stopped"}


def own_file(place: Place, name: str, content: str = "") -> str:
    path = place.folder.parent / name
    path.write_text(content)
    return str(path)


def schema(place: Place, version: str) -> None:
    with db.begin(place.config) as session:
        session.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    db.dispose()


def providers(place: Place, content: str) -> None:
    folder = place.folder.parent / "providers"
    folder.mkdir()
    (folder / "example.org.toml").write_text(content)
    place.set(providers_dir=str(folder))


def damage(place: Place) -> None:
    content = bytearray(place.database.read_bytes())
    content[5000:20000] = bytes(15000)
    place.database.write_bytes(content)


def other_owner(place: Place) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives a file away")
    os.chown(place.key, 61234, 61234)


def pause(place: Place, name: str) -> None:
    place.add(Pause(name=name, until=datetime.now(UTC) + timedelta(minutes=20)))


def dead_letter(place: Place) -> None:
    now = datetime.now(UTC)
    place.add(Delivery(id="1", target="webhook", reference="", body={}, state="dead", due_at=now, created_at=now))


def certificate(place: Place, days: int) -> None:
    """Set a certificate for profiles that is good for so many days."""
    import trustme

    end = datetime.now(UTC) + timedelta(days=days)
    leaf = trustme.CA().create_child_ca().issue_cert("pop.example.org", not_after=end)
    chain = own_file(place, "chain.pem", "".join(blob.bytes().decode() for blob in leaf.cert_chain_pems))
    place.set(
        profile_signing_cert=chain,
        profile_signing_key=own_file(place, "key.pem", leaf.private_key_pem.bytes().decode()),
    )


Break = Callable[[Place], object]

BROKEN: dict[str, tuple[Break, str, str]] = {
    # name: what breaks it, the id of the finding, words of its sentence
    "a number that is none": (lambda p: p.set(test_threads="many"), "setting-invalid", "from 1 to 500"),
    "a key file that is not there": (lambda p: p.set(secret_key_file="/none"), "setting-invalid", "no file “/none”"),
    "a setting that is misspelt": (lambda p: p.set(publik_url="x"), "setting-unknown", "Did you mean WEBAPP_PUBLIC_URL"),
    "redis without a key": (lambda p: p.set(redis_url="redis://x"), "setting-invalid", "must share one key"),
    "https without a proxy": (lambda p: p.set(public_url="https://localhost:9"), "setting-unwise", "TRUSTED_PROXIES is 0"),
    "no https": (lambda p: p.set(public_url="http://nowhere.invalid"), "setting-unwise", "without https"),
    "no public url": (lambda p: p.environ.pop("WEBAPP_PUBLIC_URL"), "public-url-missing", "is not set"),
    "no operator": (lambda p: p.environ.pop("WEBAPP_OPERATOR_NAME"), "operator-missing", "WEBAPP_OPERATOR_NAME"),
    "no country": (lambda p: p.environ.pop("WEBAPP_COUNTRY"), "country-missing", "from where"),
    "no data folder": (lambda p: p.set(data_dir="/none"), "folder-missing", "no data folder “/none”"),
    "a folder for everybody": (lambda p: p.folder.chmod(0o755), "folder-open", "may look into"),
    "a key for everybody": (lambda p: p.key.chmod(0o644), "key-open", "may read the key"),
    "a key of somebody else": (other_owner, "owner-differs", "secret-key” belongs to another user"),
    "no key": (lambda p: p.key.unlink(), "key-missing", "There is no key"),
    "a short key": (lambda p: p.key.write_text("short"), "key-unusable", "at least 32 characters"),
    "no database": (lambda p: p.database.unlink(), "database-missing", "There is no database"),
    "junk for a database": (lambda p: p.database.write_text("junk" * 500), "database-damaged", "not a database"),
    "a damaged database": (damage, "database-damaged", "no whole database"),
    "an older database": (lambda p: schema(p, "0001"), "database-older", "older version"),
    "a newer database": (lambda p: schema(p, "9999"), "database-newer", "newer version"),
    "a database that is not there": (
        lambda p: p.set(database_url=f"postgresql://x@127.0.0.1:{CLOSED}/x"), "database-silent", "does not answer",
    ),
    "a redis that is not there": (
        lambda p: p.set(redis_url="unix:///none.sock", secret_key=KEY), "redis-away", "ConnectionError",
    ),
    "a broken provider file": (lambda p: providers(p, "nonsense"), "provider-file", "example.org.toml"),
    "a provider that is none": (lambda p: p.set(providers="gmx.nett"), "provider-file", "gmx.nett"),
    "authorities that are none": (lambda p: p.set(tls_ca_file=own_file(p, "ca.pem", "no")), "ca-unusable", "in PEM"),
    "a certificate that is none": (
        lambda p: p.set(profile_signing_cert=own_file(p, "c", "no"), profile_signing_key=own_file(p, "k", "no")),
        "signing-unusable", "holds no certificate in PEM",
    ),
    "a certificate that expired": (lambda p: certificate(p, -1), "signing-unwise", "expired on"),
    "a certificate that expires soon": (lambda p: certificate(p, 5), "signing-expires", "expires on"),
    "a login test that is off": (lambda p: pause(p, "gmx.net"), "breaker-open", "The login test of gmx.net"),
    "one of invited people": (lambda p: pause(p, "gmx.net invited"), "breaker-open", "whom the helpdesk invited"),
    "nobody who deletes": (
        lambda p: p.add(Lease(name="links-purge", until=datetime.now(UTC) - timedelta(hours=5))), "duties-late", "since",
    ),
    "a dead letter": (dead_letter, "letters-dead", "given up: 1"),
    "a name that leads nowhere": (lambda p: p.set(public_url="http://nowhere.invalid"), "name-unknown", "leads nowhere"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_says_what_is_broken_and_how_to_mend_it(place: Place, name: str) -> None:
    breaks, id_, words = BROKEN[name]
    breaks(place)
    found = place.found()
    assert id_ in found, found
    finding = found[id_]
    assert words in str(finding.text)


def test_names_every_setting_that_is_wrong_and_looks_at_the_rest(place: Place) -> None:
    place.set(test_threads="many", trusted_proxies="99")
    place.key.chmod(0o644)
    areas = {area.id: area for area in examine(place.environ, CLOSED)}
    assert [str(finding.text).split()[0] for finding in areas["settings"].findings or ()] == [
        "WEBAPP_TRUSTED_PROXIES", "WEBAPP_TEST_THREADS",
    ]  # fmt: skip
    assert areas["folder"].state == "problem"


def test_makes_nothing(tmp_path: Path) -> None:
    examine({"WEBAPP_DATA_DIR": str(tmp_path / "none")}, CLOSED)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_another_program_holds_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "DATABASE_BUSY_SECONDS", 0.1)
    with db.begin(place.config) as session:
        session.execute(text("SELECT 1"))
        other = Config.from_environment(place.environ | {"WEBAPP_DATABASE_URL": sqlite_url(place.database)})
        found = list(stores.database(SimpleNamespace(config=other)))  # type: ignore[arg-type]
    assert [finding.id for finding in found] == ["database-unwritable"]
    assert "SQLITE_BUSY" in str(found[0].text)


def test_a_disk_that_is_full_is_told(place: Place, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(disk)], capture_output=True).returncode:
        pytest.skip("no right to mount a disk")
    try:
        place.set(data_dir=str(disk))
        assert "is full: 2 MB" in str(place.found()["disk-full"].text)
    finally:
        db.dispose()
        subprocess.run(["umount", str(disk)], check=True)


def test_a_library_that_is_missing_or_another_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "waitress":
            raise metadata.PackageNotFoundError(name)
        return "0.1" if name == "flask" else here.pins().get(name, "1")

    monkeypatch.setattr(here.metadata, "version", version)
    found = place.found()
    assert str(found["library-missing"].text) == "The library waitress is missing."
    assert str(found["library-differs"].text).startswith("The library flask has the version 0.1.")


def test_a_driver_that_is_missing_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "find_spec", lambda name: None)
    place.set(database_url="postgresql://x@127.0.0.1/x")
    assert "driver-missing" in place.found()


def test_a_clock_that_is_slow_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    class Early(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Early:
            return cls(2020, 1, 1, tzinfo=tz)

    monkeypatch.setattr(here, "datetime", Early)
    assert "2020-01-01" in str(place.found()["clock-behind"].text)


def test_a_look_that_fails_ends_no_other(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(here, "disk", fail)
    found = place.found()
    assert "RuntimeError" in str(found["look-failed"].text)
    assert "site-silent" in found


@pytest.mark.peers
def test_redis_is_looked_into(place: Place, redis_url: str, redis_server: RedisServer) -> None:
    place.set(redis_url=redis_url, secret_key=KEY)
    assert "no-worker" in place.found()
    worker = Worker(create_app(place.config), place.config)
    worker.start()
    try:
        assert not {"no-worker", "redis-away"} & set(place.found())
        redis_server.client.config_set("maxmemory", 100_000_000)
        redis_server.client.config_set("maxmemory-policy", "allkeys-lru")
        assert "allkeys-lru" in str(place.found()["redis-evicts"].text)
    finally:
        redis_server.client.config_set("maxmemory", 0)
        redis_server.client.config_set("maxmemory-policy", "noeviction")
        worker.shutdown()


def test_an_old_redis_is_told() -> None:
    (found,) = stores._settings_of_redis({"redis_version": "6.0.16"})
    assert "6.0.16" in str(found.text)


def test_clocks_that_differ_are_told() -> None:
    now = datetime.now(UTC).timestamp()
    assert list(stores._clock("Redis", now + 1)) == []
    (found,) = stores._clock("Redis", now - 90)
    assert "-90" in str(found.text)


# The site, and what stands in front of it.


def nothing(site: Any) -> Any:
    return site


def adding(**headers: str) -> Callable[[Wsgi], Wsgi]:
    """Return a proxy that adds headers as an honest one does, and those given; "" takes one away."""

    def proxy(site: Wsgi) -> Wsgi:
        def answer(environ: dict[str, Any], start: Any) -> Any:
            before = environ.get("HTTP_X_FORWARDED_FOR")
            environ["HTTP_X_FORWARDED_FOR"] = f"{before}, 127.0.0.1" if before else "127.0.0.1"
            for name, value in headers.items():
                if value:
                    environ[name] = value
                else:
                    environ.pop(name, None)
            return site(environ, start)

        return answer

    return proxy


def sending(status: str, content: bytes) -> Callable[[Wsgi], Wsgi]:
    def proxy(site: Wsgi) -> Wsgi:
        def answer(environ: dict[str, Any], start: Any) -> Any:
            start(status, [("Content-Type", "text/plain")])
            return [content]

        return answer

    return proxy


def changing(name: str, value: str) -> Callable[[Wsgi], Wsgi]:
    """Return a proxy that sets a header of the answer."""

    def proxy(site: Wsgi) -> Wsgi:
        def answer(environ: dict[str, Any], start: Any) -> Any:
            def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                return start(status, [*((n, v) for n, v in headers if n.lower() != name.lower()), (name, value)], *rest)

            return site(environ, begin)

        return answer

    return proxy


@contextmanager
def served(site: Wsgi, port: int, tls: Any = None) -> Iterator[None]:
    server = make_server("127.0.0.1", port, site, threaded=True, ssl_context=tls)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Callable[..., Flask]]:
    """Return what makes a site that runs its tests, one for the same settings."""
    made: dict[tuple[tuple[str, str], ...], Flask] = {}

    def site(**settings: str) -> Flask:
        known = tuple(sorted(settings.items()))
        if known not in made:
            place = Place(tmp_path_factory.mktemp("sites") / "site", empty_database)
            place.set(**settings)
            made[known] = create_app(place.config)
            jobs.start(made[known])
        return made[known]

    yield site
    for app in made.values():
        jobs.shutdown(app)


HONEST = adding(HTTP_X_FORWARDED_PROTO="http")
IN_FRONT: dict[str, tuple[Callable[[Wsgi], Wsgi], str, str, str]] = {
    # name: proxy, WEBAPP_TRUSTED_PROXIES, the id of the finding ("" for none), words of its sentence
    "none, and none is told of": (nothing, "0", "", ""),
    "one that does all": (HONEST, "1", "", ""),
    "one that adds no address": (nothing, "1", "proxies-too-many", "whoever likes chooses"),
    "one that nobody told of": (HONEST, "0", "proxies-too-few", "in front is 1"),
    "one that says no scheme": (adding(HTTP_X_FORWARDED_PROTO="https"), "1", "scheme-missing", "X-Forwarded-Proto"),
    "one that hands on no host": (adding(HTTP_HOST="backend:8000"), "1", "host-refused", "its own name"),
    "one that reaches nothing": (sending("502 Bad Gateway", b"no"), "0", "proxy-error", "does not reach the site. (502)"),
    "another site": (sending("200 OK", b"hello"), "0", "other-site", "Something else"),
    "one that changes headers": (changing("X-Frame-Options", "ALLOW"), "0", "headers-changed", "X-Frame-Options"),
    "one that lets be cached": (changing("Cache-Control", "public"), "0", "headers-changed", "Cache-Control"),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_FRONT)
def test_says_what_stands_in_front_of_the_site(place: Place, sites: Callable[..., Flask], name: str) -> None:
    proxy, trusted, id_, words = IN_FRONT[name]
    port = free_port()
    place.set(public_url=f"http://localhost:{port}", trusted_proxies=trusted)
    with served(proxy(sites(trusted_proxies=trusted).wsgi_app), port):
        found = place.found()
    assert bool(found) is bool(id_), found
    if id_:
        assert words in str(found[id_].text)


def test_a_clock_of_the_site_that_differs_is_told(place: Place) -> None:
    asked = site._Asked(place.config, "http://localhost")
    (found,) = site._clock(asked, {"Date": "Wed, 01 Jan 2020 00:00:00 GMT"})
    assert found.id == "clock-differs"
    assert list(site._clock(asked, {"Date": formatdate(usegmt=True)})) == []
    assert list(site._clock(asked, {})) == []


def test_a_site_with_another_key_is_told(place: Place, sites: Callable[..., Flask]) -> None:
    port = free_port()
    place.set(public_url=f"http://localhost:{port}", secret_key="another key that is long enough for tests")
    with served(sites(trusted_proxies="0").wsgi_app, port):
        assert set(place.found()) == {"other-key"}


def test_a_site_that_runs_behind_a_broken_proxy_is_told_apart_from_one_that_does_not(place: Place) -> None:
    port = free_port()
    with served(sending("200 OK", site.ALIVE)(nothing), port):
        assert set(place.found(port)) == {"site-silent", "proxy-breaks"}


def test_what_the_site_says_of_itself_is_told_once(place: Place) -> None:
    app = create_app(place.config)  # its jobs were not started
    port = free_port()
    with served(app.wsgi_app, port):
        place.set(public_url=f"http://localhost:{port}")
        assert set(place.found()) == {"no-worker"}
        place.set(redis_url="unix:///none.sock", secret_key=KEY)
        areas = {area.id: area for area in examine(place.environ, port)}
    assert [finding.id for finding in areas["jobs"].findings or ()] == ["redis-away"]
    assert [finding.id for finding in areas["site"].findings or ()] == ["no-worker"]


CERTIFICATES = {
    "expired": "certificate-expired", "not-yet-valid": "certificate-not-yet-valid",
    "wrong-host": "certificate-wrong-host", "untrusted": "certificate-untrusted", "self-signed": "certificate-self-signed",
    "chain-incomplete": "certificate-chain-incomplete",
}  # fmt: skip


@pytest.mark.parametrize("name", CERTIFICATES)
def test_says_what_is_wrong_with_the_certificate(place: Place, tmp_path: Path, name: str) -> None:
    certificates, port = Certificates(tmp_path), free_port()
    place.set(public_url=f"https://localhost:{port}", trusted_proxies="1", tls_ca_file=str(certificates.ca_file))
    with served(sending("200 OK", b"")(nothing), port, certificates.server_context(name)):
        assert set(place.found(port)) == {CERTIFICATES[name], "site-stopped"}


def test_a_site_behind_https_is_well(place: Place, tmp_path: Path, sites: Callable[..., Flask]) -> None:
    certificates, port = Certificates(tmp_path), free_port()
    settings = {"public_url": f"https://localhost:{port}", "trusted_proxies": "1"}
    place.set(**settings, tls_ca_file=str(certificates.ca_file))
    proxy = adding(HTTP_X_FORWARDED_PROTO="https")
    with served(proxy(sites(**settings).wsgi_app), port, certificates.server_context("ok")):
        assert place.found() == {}


def test_a_certificate_that_expires_soon_is_told() -> None:
    (found,) = site._expiring("pop.example.org", {"days_left": 3, "not_after": "2026-12-01"})
    assert "2026-12-01" in str(found.text)
    assert list(site._expiring("pop.example.org", {"days_left": 30})) == []


def test_a_port_without_tls_is_told(place: Place) -> None:
    port = free_port()
    place.set(public_url=f"https://localhost:{port}", trusted_proxies="1")
    with served(sending("200 OK", b"")(nothing), port):
        assert "tls-failed" in place.found(port)


def test_only_the_holder_of_the_key_is_told_of_the_proxies(place: Place) -> None:
    client = create_app(place.config).test_client()
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": f"Bearer {'A' * 32}"}):
        assert client.get("/readyz/proxy", headers=headers).status_code == 404


# What the command writes.


def run(place: Place, *arguments: str) -> Any:
    return CliRunner().invoke(cli, ["doctor", *arguments], env=place.environ)


def test_writes_sentences_with_the_cure_and_ends_with_one(place: Place) -> None:
    result = run(place, "--port", str(CLOSED), "--locale", "en")
    assert result.exit_code == 1
    assert "✓ Data folder and key\n" in result.stdout
    assert f"✗ Nothing answers at http://localhost:{CLOSED}. (refused)\n      → Start the site" in result.stdout
    assert result.stdout.endswith("2 things are broken.\n")
    assert "2 Dinge sind kaputt." in run(place, "--locale", "de").stdout


def test_ends_well_where_there_are_only_warnings(place: Place, sites: Callable[..., Flask]) -> None:
    port = free_port()
    place.set(public_url=f"http://localhost:{port}")
    place.folder.chmod(0o755)
    with served(sites(trusted_proxies="0").wsgi_app, port):
        result = run(place, "--locale", "en")
        assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "Nothing is broken. 1 thing could be better.")
        place.folder.chmod(0o700)
        assert run(place, "--locale", "en").stdout.endswith("Everything is well.\n")


def test_writes_json_for_programs(place: Place) -> None:
    shape = json.loads(run(place, "--json", "--locale", "en").stdout)
    assert (shape["version"], shape["well"]) == (1, False)
    assert shape["facts"]["program"] == metadata.version("gmx-pop-wizard")
    areas = {area["id"]: area for area in shape["areas"]}
    assert (areas["database"], areas["jobs"]["state"]) == (
        {"id": "database", "state": "well", "findings": []},
        "unseen",
    )
    assert areas["site"]["findings"][0].keys() == {"id", "severity", "text", "cure"}
