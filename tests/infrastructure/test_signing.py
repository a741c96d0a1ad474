"""Signed Apple profiles, judged by OpenSSL."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from flask import Flask
from flask.testing import FlaskClient

from tests.support.client import PageLintingClient
from tests.support.waiting import wait_until
from tests.web.wizard.walk import walk
from webapp import create_app
from webapp.api import keys
from webapp.core import providers
from webapp.core.clients import CLIENTS, Export, ExportOptions
from webapp.core.text import InputError
from webapp.helpdesk import agents, bulk_jobs
from webapp.infrastructure import signing
from webapp.infrastructure.config import Config
from webapp.infrastructure.signing import check, load, sign, signed

HOST = "signing.setup.example"
DAY = timedelta(days=1)
EC, RSA = trustme.KeyType.ECDSA, trustme.KeyType.RSA


@dataclass
class Authority:
    """A root, an intermediate, and the two files of an operator; written as an ACME client writes them."""

    folder: Path
    root: trustme.CA
    intermediate: trustme.CA

    @property
    def root_file(self) -> Path:
        path = self.folder / "root.pem"
        self.root.cert_pem.write_to_path(path)
        return path

    def issue(self, key_type: trustme.KeyType = EC, days: tuple[int, int] = (-1, 30)) -> tuple[bytes, bytes]:
        """Return a chain and its key in PEM, valid between two `days` from now."""
        now = datetime.now(UTC)
        leaf = self.intermediate.issue_cert(
            HOST, key_type=key_type, not_before=now + days[0] * DAY, not_after=now + days[1] * DAY
        )
        return b"".join(blob.bytes() for blob in leaf.cert_chain_pems), leaf.private_key_pem.bytes()

    def write(self, chain: bytes, key: bytes) -> Config:
        """Put the files in the place of those that are there."""
        cert_file, key_file = self.folder / "fullchain.pem", self.folder / "key.pem"
        for path, content in ((cert_file, chain), (key_file, key)):
            draft = path.with_suffix(".draft")
            draft.write_bytes(content)
            draft.replace(path)
        return Config(profile_signing_cert=cert_file, profile_signing_key=key_file, public_url="https://setup.example")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    root = trustme.CA()
    return Authority(tmp_path, root, root.create_child_ca())


@pytest.fixture
def profile() -> Export:
    account = providers.load()["gmx.net"].account("beispiel@gmx.de", name="Jörg Beispiel")
    return CLIENTS["apple-mail"].export(account, ExportOptions(host="setup.example", device="iphone"))


def verified(content: bytes, root: Path) -> bytes | None:
    """Return what OpenSSL finds inside, or None where the signature is not good. Without -purpose no TLS one is."""
    file, inner = root.with_name("signed.mobileconfig"), root.with_name("inner.plist")
    file.write_bytes(content)
    inner.unlink(missing_ok=True)
    done = subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "der", "-in", file, "-CAfile", root, "-purpose", "any", "-out", inner],
        capture_output=True,
    )
    return inner.read_bytes() if done.returncode == 0 else None


@pytest.mark.parametrize("key_type", [EC, RSA], ids=["ec", "rsa"])
def test_openssl_verifies_the_signature_and_finds_the_same_bytes_inside(
    authority: Authority, profile: Export, key_type: trustme.KeyType
) -> None:
    config = authority.write(*authority.issue(key_type))
    assert check(config) == []
    made = sign(profile, config)
    assert (made.file_name, made.media_type, made.notes) == (profile.file_name, profile.media_type, profile.notes)
    assert made.content != profile.content
    assert verified(made.content, authority.root_file) == profile.content


def test_a_change_of_one_octet_is_found(authority: Authority, profile: Export) -> None:
    made = sign(profile, authority.write(*authority.issue()))
    place = made.content.index(b"pop.gmx.net")
    changed = made.content[:place] + b"pop.gmy.net" + made.content[place + 11 :]
    assert verified(changed, authority.root_file) is None


def test_another_root_does_not_vouch_for_it(authority: Authority, profile: Export, tmp_path: Path) -> None:
    made = sign(profile, authority.write(*authority.issue()))
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    assert verified(made.content, other) is None


def test_without_its_intermediate_nobody_trusts_it_and_the_operator_is_told(
    authority: Authority, profile: Export
) -> None:
    chain, key = authority.issue()
    leaf = chain[: chain.index(b"-----END CERTIFICATE-----") + 26]
    config = authority.write(leaf, key)
    (warning,) = check(config)
    assert "no intermediate" in str(warning)
    assert verified(sign(profile, config).content, authority.root_file) is None


def test_the_root_is_left_out(authority: Authority, profile: Export) -> None:
    chain, key = authority.issue()
    config = authority.write(chain + authority.root.cert_pem.bytes(), key)
    assert config.profile_signing_cert
    assert config.profile_signing_key
    assert len(load(config.profile_signing_cert, config.profile_signing_key).chain) == 2
    assert verified(sign(profile, config).content, authority.root_file) == profile.content


def test_other_files_and_installations_without_a_certificate_are_left_alone(
    authority: Authority, profile: Export
) -> None:
    config = authority.write(*authority.issue())
    other = CLIENTS["other"].export(providers.load()["gmx.net"].account("a@gmx.de"))
    assert sign(other, config) is other
    assert sign(profile, Config()) is profile
    assert check(Config()) == []


def a_self_signed_pair() -> tuple[bytes, bytes]:
    root = trustme.CA()
    return root.cert_pem.bytes(), root.private_key_pem.bytes()


def with_another_key(chain: bytes, key: bytes) -> tuple[bytes, bytes]:
    return chain, trustme.CA().issue_cert(HOST).private_key_pem.bytes()


def out_of_order(chain: bytes, key: bytes) -> tuple[bytes, bytes]:
    return chain + trustme.CA().cert_pem.bytes(), key


def with_a_passphrase(chain: bytes, key: bytes) -> tuple[bytes, bytes]:
    loaded = load_pem_private_key(key, None)
    return chain, loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


def with_a_modern_key(chain: bytes, key: bytes) -> tuple[bytes, bytes]:
    made = ed25519.Ed25519PrivateKey.generate()
    return chain, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda chain, key: a_self_signed_pair(), "PROFILE_SIGNING_CERT: the certificate signs itself"),
        (with_another_key, "PROFILE_SIGNING_KEY: the key does not belong"),
        (out_of_order, "PROFILE_SIGNING_CERT: the certificates are out of order"),
        (with_a_passphrase, "PROFILE_SIGNING_KEY: .* without a passphrase"),
        (with_a_modern_key, "PROFILE_SIGNING_KEY: only RSA and EC"),
        (lambda chain, key: (b"nonsense", key), "PROFILE_SIGNING_CERT: .* holds no certificate"),
        (lambda chain, key: (chain, b"nonsense"), "PROFILE_SIGNING_KEY: .* holds no key"),
        (lambda chain, key: (chain, chain), "PROFILE_SIGNING_KEY: .* holds no key"),
    ],
)
def test_what_can_never_be_right_is_refused_at_start_and_goes_out_unsigned_later(
    authority: Authority,
    profile: Export,
    spoil: Callable[[bytes, bytes], tuple[bytes, bytes]],
    words: str,
    config: Config,
    caplog: pytest.LogCaptureFixture,
) -> None:
    signing._tell.cache_clear()
    bad = authority.write(*spoil(*authority.issue()))
    with pytest.raises(InputError, match=words):
        check(bad)
    with pytest.raises(InputError, match=words):
        sign(profile, bad)
    with application(config, bad).app_context(), caplog.at_level(logging.WARNING, "webapp.infrastructure.signing"):
        for _ in range(50):  # people of one table
            assert signed(profile) is profile
    assert 1 <= caplog.text.count("unsigned") <= 2  # a minute may end meanwhile
    assert "beispiel" not in caplog.text


@pytest.mark.parametrize(("days", "words"), [((-30, -1), "expired on"), ((1, 30), "is valid from")])
def test_outside_its_time_a_certificate_is_a_warning_at_start_and_signs_nothing(
    authority: Authority, profile: Export, days: tuple[int, int], words: str, config: Config
) -> None:
    outside = authority.write(*authority.issue(days=days))
    (warning,) = check(outside)
    assert words in str(warning)
    with pytest.raises(InputError, match=words):
        sign(profile, outside)
    with application(config, outside).app_context():
        assert signed(profile) is profile


def test_a_file_that_is_gone_costs_the_signature_only(authority: Authority, profile: Export, config: Config) -> None:
    gone = authority.write(*authority.issue())
    with application(config, gone).app_context():
        assert verified(signed(profile).content, authority.root_file) == profile.content
        assert gone.profile_signing_key
        gone.profile_signing_key.unlink()
        assert signed(profile) is profile
    with pytest.raises(InputError, match="cannot be read"):
        check(gone)


def application(config: Config, signing_config: Config) -> Flask:
    return create_app(
        replace(
            config,
            profile_signing_cert=signing_config.profile_signing_cert,
            profile_signing_key=signing_config.profile_signing_key,
        )
    )


def serial(config: Config) -> int:
    assert config.profile_signing_cert
    assert config.profile_signing_key
    return signing._signer(config.profile_signing_cert, config.profile_signing_key).identity().certificate.serial_number


def test_a_renewed_certificate_is_picked_up_without_a_restart(authority: Authority, profile: Export) -> None:
    config = authority.write(*authority.issue(days=(-30, -1)))
    with pytest.raises(InputError, match="expired"):
        sign(profile, config)
    authority.write(*authority.issue())
    assert verified(sign(profile, config).content, authority.root_file) == profile.content


def test_a_renewal_that_moves_a_link_is_picked_up(authority: Authority, tmp_path: Path) -> None:
    live = {}
    for number in (1, 2):
        archive = tmp_path / str(number)
        archive.mkdir()
        for name, content in zip(("fullchain.pem", "key.pem"), authority.issue(), strict=True):
            (archive / name).write_bytes(content)
            os.utime(archive / name, (1_700_000_000, 1_700_000_000))
    for name in ("fullchain.pem", "key.pem"):
        live[name] = tmp_path / f"live-{name}"
        live[name].symlink_to(tmp_path / "1" / name)
    config = Config(profile_signing_cert=live["fullchain.pem"], profile_signing_key=live["key.pem"])
    before = serial(config)
    for name, link in live.items():
        draft = tmp_path / "draft"
        draft.symlink_to(tmp_path / "2" / name)
        draft.replace(link)
    assert serial(config) != before


def test_the_files_are_read_once_while_they_stay_the_same(
    authority: Authority, profile: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = authority.write(*authority.issue())
    reads = []
    monkeypatch.setattr(signing, "load", lambda *files: reads.append(files) or load(*files))
    for _ in range(3):
        sign(profile, config)
    authority.write(*authority.issue())
    for _ in range(3):
        sign(profile, config)
    assert len(reads) == 2


def test_many_downloads_during_a_renewal_are_whole(authority: Authority, profile: Export, config: Config) -> None:
    renewing = authority.write(*authority.issue())
    app = application(config, renewing)

    def download(_: int) -> bytes:
        with app.app_context():
            return signed(profile).content

    with ThreadPoolExecutor(8) as pool:
        contents = pool.map(download, range(64))
        for _ in range(8):
            authority.write(*authority.issue())
        assert all(profile.content in content for content in contents)
    assert verified(download(0), authority.root_file) == profile.content


def test_the_wizard_hands_out_a_signed_profile(authority: Authority, config: Config) -> None:
    app = application(config, authority.write(*authority.issue()))
    app.testing = True
    app.test_client_class = PageLintingClient
    client = app.test_client()
    assert isinstance(client, PageLintingClient)
    walk(
        client,
        ("address", {"email_address": "beispiel@gmx.de"}),
        ("program", {"program": "apple-mail:iphone"}),
        ("preparation", {}),
    )
    made = client.get("/finish/gmx-pop.mobileconfig")
    assert made.headers["Content-Type"] == "application/x-apple-aspen-config"
    inner = verified(made.data, authority.root_file)
    assert inner
    assert inner.startswith(b"<?xml")
    assert b"beispiel@gmx.de" in inner


def test_the_command_line_signs_too_and_refuses_rather_than_leave_it_out(
    authority: Authority, call: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    config = authority.write(*authority.issue())
    settings = {
        "WEBAPP_PROFILE_SIGNING_CERT": str(config.profile_signing_cert),
        "WEBAPP_PROFILE_SIGNING_KEY": str(config.profile_signing_key),
    }
    plain = call("export", "apple-mail", "beispiel@gmx.de").stdout
    made = call("export", "apple-mail", "beispiel@gmx.de", **settings)
    assert verified(made.stdout, authority.root_file) == plain
    authority.write(*authority.issue(days=(-30, -1)))
    refused = call("export", "apple-mail", "beispiel@gmx.de", LC_ALL="en_GB.UTF-8", **settings)
    assert refused.returncode == 2
    assert not refused.stdout
    assert b"expired" in refused.stderr


@pytest.fixture
def call() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    from tests.cli.test_cli import call

    return call


TABLE = b"address,client\nbeispiel@gmx.de,apple-mail\nbeispiel@gmx.de,outlook\n"


def profile_in(archive: bytes, root: Path) -> bytes | None:
    """Return the profile in a ZIP of many files, its signature verified."""
    files = zipfile.ZipFile(io.BytesIO(archive))
    assert files.read("00003-outlook.prf").startswith(b";")
    return verified(files.read("00002-apple-mail.mobileconfig"), root)


def test_the_files_of_many_people_are_signed_too(
    authority: Authority, config: Config, tmp_path: Path, call: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    made = authority.write(*authority.issue())
    settings = replace(
        config, profile_signing_cert=made.profile_signing_cert, profile_signing_key=made.profile_signing_key
    )
    app = create_app(settings)
    plain = call("export", "apple-mail", "beispiel@gmx.de").stdout
    table = tmp_path / "people.csv"
    table.write_bytes(TABLE)
    environment = {
        "WEBAPP_PROFILE_SIGNING_CERT": str(made.profile_signing_cert),
        "WEBAPP_PROFILE_SIGNING_KEY": str(made.profile_signing_key),
    }
    called = call("export", "--from", str(table), "--output", str(tmp_path / "files.zip"), **environment)
    assert called.returncode == 0, called.stderr
    by_command = (tmp_path / "files.zip").read_bytes()
    key = keys.add(settings, "many", frozenset({keys.Scope.BULK}), 60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "text/csv"}
    by_api = FlaskClient(app).post("/api/v1/exports", data=TABLE, headers=headers).data
    agents.add(settings, "vera@example.org", "Vera", "agent")
    with app.app_context():
        job = bulk_jobs.begin(1, "vera@example.org", TABLE, "de")
        by_agent = wait_until(lambda: bulk_jobs.archive_of(job))
    for archive in (by_command, by_api, by_agent):
        assert profile_in(archive, authority.root_file) == plain
