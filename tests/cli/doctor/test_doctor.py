"""`doctor` against broken installations: the right sentence each time."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from tests.support.fronts import served
from tests.support.installation import CLOSED, KEY, Place
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from webapp import create_app
from webapp.cli import cli
from webapp.cli.doctor import examine, here, stores
from webapp.cli.doctor.finding import problem
from webapp.connection_tests.redis_engine import Worker
from webapp.infrastructure import db
from webapp.infrastructure.config import Config, sqlite_url
from webapp.infrastructure.models import Delivery, Lease, Pause


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
    "a setting whose beginning is misspelt": (
        lambda p: p.environ.update(WEBAP_COUNTRY="x"), "setting-unknown", "Did you mean WEBAPP_COUNTRY",
    ),
    "a name that is an address": (
        lambda p: p.set(trusted_hosts="https://a.example"), "setting-invalid", "“https://a.example” is no host name",
    ),
    "a key that is easy": (lambda p: p.key.write_text("change-me-" * 4), "setting-unwise", "can be guessed"),
    "redis without a key": (lambda p: p.set(redis_url="redis://x"), "setting-invalid", "must share one key"),
    "https without a proxy": (lambda p: p.set(public_url="https://localhost:9"), "setting-unwise", "TRUSTED_PROXIES is 0"),
    "no https": (lambda p: p.set(public_url="http://nowhere.invalid"), "setting-unwise", "without https"),
    "no public url": (lambda p: p.environ.pop("WEBAPP_PUBLIC_URL"), "public-url-missing", "is not set"),
    "no operator": (lambda p: p.environ.pop("WEBAPP_OPERATOR_NAME"), "operator-missing", "WEBAPP_OPERATOR_NAME"),
    "hours and no number": (
        lambda p: p.set(helpdesk_hours="mon-fri 9:00-17:00", operator_contact="help24@example.org"), "calls-nowhere",
        "which number to call",
    ),
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
    "a database in a folder that is not there": (
        lambda p: p.set(database_url=f"sqlite:///{p.folder}/none/x"), "database-nowhere", "no folder for the file",
    ),
    "a newer database": (lambda p: schema(p, "9999"), "database-newer", "newer version"),
    "a database that is not there": (
        lambda p: p.set(database_url=f"postgresql://x@127.0.0.1:{CLOSED}/x"), "database-silent", "does not answer",
    ),
    "a redis that is not there": (
        lambda p: p.set(redis_url="unix:///none.sock", secret_key=KEY), "redis-away", "ConnectionError",
    ),
    "a broken provider file": (lambda p: providers(p, "nonsense"), "provider-file", "example.org.toml"),
    "a provider that is none": (lambda p: p.set(providers="gmx.nett"), "provider-file", "gmx.nett"),
    "known troubles that are broken": (
        lambda p: p.set(troubles_file=own_file(p, "troubles.toml", "[[trouble]]")), "troubles-file", "mean troubles",
    ),
    "authorities that are none": (lambda p: p.set(tls_ca_file=own_file(p, "ca.pem", "no")), "setting-invalid", "in PEM"),
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
    certificate = own_file(place, "chain.pem", "")
    place.set(
        test_threads="many",
        trusted_proxies="99",
        public_url="x",
        profile_signing_cert=certificate,
        redis_url="redis://x",
    )
    place.key.chmod(0o644)
    areas = {area.id: area for area in examine(place.environ, CLOSED)}
    assert [str(finding.text).split()[0] for finding in areas["settings"].findings or ()] == [
        "WEBAPP_PUBLIC_URL", "WEBAPP_TRUSTED_PROXIES", "WEBAPP_TEST_THREADS", "WEBAPP_REDIS_URL",
        "WEBAPP_PROFILE_SIGNING_CERT",
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


def test_says_what_the_database_itself_says(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(Engine, "connect", fail)
    found = place.found()["database-silent"]
    assert "disk is full or read-only" in str(found.cure)
    assert "disk I/O error" in str(found.cure)


def test_needs_no_folder_where_everything_lies_in_redis_and_postgresql(place: Place) -> None:
    shutil.rmtree(place.folder)
    place.set(redis_url="redis://x", secret_key=KEY, database_url="postgresql://x@127.0.0.1/x")
    assert list(here.folder(SimpleNamespace(config=place.config, environ=place.environ))) == []  # type: ignore[arg-type]


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


def test_a_look_that_fails_keeps_what_it_had_found(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        yield problem("first", "This was found.")
        raise PermissionError(13, "Permission denied", "/closed")

    monkeypatch.setattr(here, "disk", fail)
    found = place.found()
    assert "first" in found
    assert str(found["closed"].text) == "“/closed” is closed to the user who called this."


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
