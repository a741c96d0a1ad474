"""The settings: read, checked, masked, documented."""

from __future__ import annotations

import re
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import pytest
import trustme

from webapp.core.text import InputError, translations_for
from webapp.infrastructure.config import SECRET_KEY_FILE_NAME, Config, unknown_variables, variable

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"
KEY = "0123456789abcdef0123456789abcdef"


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Config.from_environment({"WEBAPP_NOTICE": "", "PATH": "/bin"}) == Config()


def test_reads_every_setting(tmp_path: Path) -> None:
    file = tmp_path / "file.pem"
    file.write_text("x")
    ca_file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(ca_file))
    config = Config.from_environment(
        {
            "WEBAPP_SECRET_KEY": KEY,
            "WEBAPP_SECRET_KEY_FALLBACKS": f"{KEY[::-1]}, {KEY.upper()}",
            "WEBAPP_DATABASE_URL": "postgresql://localhost/wizard",
            "WEBAPP_REDIS_URL": "redis://localhost/0",
            "WEBAPP_PUBLIC_URL": "https://POP.example.org/",
            "WEBAPP_TRUSTED_PROXIES": "1",
            "WEBAPP_TRUSTED_HOSTS": "pop.example.com [2001:db8::1]",
            "WEBAPP_PROVIDERS_DIR": str(tmp_path),
            "WEBAPP_TLS_CA_FILE": str(ca_file),
            "WEBAPP_DATA_DIR": str(tmp_path / "data"),
            "WEBAPP_OPERATOR_NAME": " Verein Beispiel ",
            "WEBAPP_OPERATOR_CONTACT": "hilfe@example.org",
            "WEBAPP_OPERATOR_IMPRINT_URL": "https://example.org/impressum?x=1",
            "WEBAPP_NOTICE": "GMX ist heute gestört",
            "WEBAPP_COUNTRY": "Deutschland",
            "WEBAPP_LOGIN_TEST": "OFF",
            "WEBAPP_TEST_THREADS": "8",
            "WEBAPP_HEALTH_INTERVAL": "300",
            "WEBAPP_METRICS_TOKEN": KEY,
            "WEBAPP_PROFILE_SIGNING_CERT": str(file),
            "WEBAPP_PROFILE_SIGNING_KEY": str(file),
        }
    )
    assert config == Config(
        secret_key=KEY,
        secret_key_fallbacks=(KEY[::-1], KEY.upper()),
        database_url="postgresql+psycopg://localhost/wizard",
        redis_url="redis://localhost/0",
        public_url="https://pop.example.org",
        trusted_proxies=1,
        trusted_hosts=("pop.example.com", "[2001:db8::1]"),
        providers_dir=tmp_path,
        tls_ca_file=ca_file,
        data_dir=tmp_path / "data",
        operator_name="Verein Beispiel",
        operator_contact="hilfe@example.org",
        operator_imprint_url="https://example.org/impressum?x=1",
        notice="GMX ist heute gestört",
        country="Deutschland",
        login_test=False,
        test_threads=8,
        health_interval=300,
        metrics_token=KEY,
        profile_signing_cert=file,
        profile_signing_key=file,
    )
    assert config.https
    assert config.hosts == ("localhost", "127.0.0.1", "::1", "pop.example.org", "pop.example.com", "2001:db8::1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY_FILE", "/no/such/file"),
        ("SECRET_KEY_FALLBACKS", f"{KEY} short"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "wizard.sqlite3"),
        ("REDIS_URL", "localhost:6379"),
        ("PUBLIC_URL", "pop.example.org"),
        ("PUBLIC_URL", "ftp://pop.example.org"),
        ("PUBLIC_URL", "https://pop.example.org/wizard"),
        ("PUBLIC_URL", "https://pop.example.org?x=1"),
        ("PUBLIC_URL", "https://user:word@pop.example.org"),
        ("PUBLIC_URL", "https://pop.example.org:port"),
        ("PUBLIC_URL", "https://[::1"),
        ("TRUSTED_HOSTS", "https://pop.example.org"),
        ("TRUSTED_HOSTS", "pop.example.org pop.example.com:8000"),
        ("TRUSTED_HOSTS", "*.example.org"),
        ("HELPDESK_HOST", "help.example.org"),  # without WEBAPP_PUBLIC_URL
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "6"),
        ("TRUSTED_PROXIES", "one"),
        ("TRUSTED_PROXIES", "٣"),
        ("PROVIDERS_DIR", "/no/such/folder"),
        ("TLS_CA_FILE", "/no/such/file"),
        ("TLS_CA_FILE", __file__),
        ("DATA_DIR", __file__),
        ("OPERATOR_NAME", "two\nlines"),
        ("NOTICE", "a\x1b[2J"),
        ("OPERATOR_IMPRINT_URL", "javascript:alert(1)"),
        ("LOGIN_TEST", "yes"),
        ("TEST_THREADS", "0"),
        ("TEST_THREADS", "501"),
        ("HEALTH_INTERVAL", "5"),
        ("METRICS_TOKEN", "short"),
        ("PROFILE_SIGNING_CERT", "/no/such/file"),
        ("PROFILE_SIGNING_CERT", __file__),  # without its key
        ("OIDC_ISSUER", "http://login.example.org"),
    ],
)
def test_refuses_a_setting_of_no_use_and_names_it(name: str, value: str) -> None:
    with pytest.raises(InputError) as caught:
        Config.from_environment({f"WEBAPP_{name}": value})
    for locale in ("de", "en"):
        text = caught.value.message.translated(translations_for(locale))
        assert f"WEBAPP_{name}" in text
        assert "%(" not in text


@pytest.mark.parametrize(
    ("name", "look"), [("SECRET_KEY_FILE", "is_file"), ("PROVIDERS_DIR", "is_dir"), ("DATA_DIR", "exists")]
)
def test_what_lies_in_a_closed_folder_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, look: str
) -> None:
    def refuse(_path: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, look, refuse)
    with pytest.raises(InputError, match=f"WEBAPP_{name}: “/etc/x” cannot be read"):
        Config.from_environment({f"WEBAPP_{name}": "/etc/x"})


def test_refuses_redis_without_a_key_that_all_processes_share(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs WEBAPP_SECRET_KEY too"):
        Config.from_environment({"WEBAPP_REDIS_URL": "redis://localhost"})
    file = tmp_path / "key"
    file.write_text(KEY)
    environ = {"WEBAPP_REDIS_URL": "redis://localhost", "WEBAPP_SECRET_KEY_FILE": str(file)}
    assert Config.from_environment(environ).completed().secret_key == KEY


def test_refuses_a_key_given_twice(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)
    with pytest.raises(InputError, match="not both"):
        Config.from_environment({"WEBAPP_SECRET_KEY": KEY, "WEBAPP_SECRET_KEY_FILE": str(file)})


def test_reading_the_settings_writes_nothing(tmp_path: Path) -> None:
    Config.from_environment({"WEBAPP_DATA_DIR": str(tmp_path / "data")})
    assert not (tmp_path / "data").exists()


def test_makes_the_key_once_readable_by_its_owner_only(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path / "new" / "data")
    first = config.completed()
    file = config.data_dir / SECRET_KEY_FILE_NAME
    assert len(first.secret_key) >= 64
    assert config.completed() == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.data_dir.stat().st_mode) == 0o700
    assert [path.name for path in config.data_dir.iterdir()] == [SECRET_KEY_FILE_NAME]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path)
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: config.completed().secret_key, range(64)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_KEY_FILE_NAME]


def test_refuses_a_key_file_of_no_use(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("short")
    (tmp_path / "binary").write_bytes(b"\xff" * 64)
    for name in ("short", "binary", "missing"):
        with pytest.raises(InputError, match="WEBAPP_SECRET_KEY_FILE"):
            Config(secret_key_file=tmp_path / name).completed()


def test_says_which_folder_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="WEBAPP_DATA_DIR: nothing can be written"):
        Config(data_dir=tmp_path / "file" / "data").completed()


def test_shows_no_secret() -> None:
    config = Config(
        secret_key=KEY,
        secret_key_fallbacks=(KEY,),
        database_url=f"postgresql+psycopg://wizard:{KEY}@db/wizard",
        redis_url=f"redis://:{KEY}@cache",
        metrics_token=KEY,
        webhook_url=f"https://hooks.example.org/{KEY}",
        operator_webhook=f"https://hooks.example.org/{KEY}",
    )
    assert KEY not in repr(config)
    shown = dict(config.describe())
    assert KEY not in str(shown)
    assert {name for name, value in shown.items() if value == "********"} == {
        "WEBAPP_SECRET_KEY",
        "WEBAPP_SECRET_KEY_FALLBACKS",
        "WEBAPP_DATABASE_URL",
        "WEBAPP_REDIS_URL",
        "WEBAPP_METRICS_TOKEN",
        "WEBAPP_WEBHOOK_URL",
        "WEBAPP_OPERATOR_WEBHOOK",
    }


def test_shows_every_setting_as_it_would_be_written() -> None:
    shown = dict(Config(trusted_hosts=("a.example", "b.example"), login_test=False).describe())
    assert list(shown) == [variable(entry.name) for entry in fields(Config)]
    assert shown["WEBAPP_TRUSTED_HOSTS"] == "a.example b.example"
    assert shown["WEBAPP_LOGIN_TEST"] == "off"
    assert shown["WEBAPP_TEST_THREADS"] == "64"
    assert shown["WEBAPP_SECRET_KEY"] == ""
    assert Config.from_environment(shown | {"WEBAPP_DATA_DIR": ""}) == Config(
        trusted_hosts=("a.example", "b.example"), login_test=False
    )


def test_names_a_variable_that_is_no_setting() -> None:
    environ = {"WEBAPP_SECRETKEY": "x", "WEBAPP_SERVICE_HOST": "10.0.0.1", "WEBAPP_NOTICE": "x", "OTHER": "x"}
    assert [str(message) for message in unknown_variables(environ)] == [
        "WEBAPP_SECRETKEY is not a setting. Did you mean WEBAPP_SECRET_KEY?",
        "WEBAPP_SERVICE_HOST is not a setting.",
    ]
    assert [str(message) for message in unknown_variables({"WEBAP_COUNTRY": "x", "webapp_notice": "x"})] == [
        "WEBAP_COUNTRY is not a setting. Did you mean WEBAPP_COUNTRY?",
        "webapp_notice is not a setting. Did you mean WEBAPP_NOTICE?",
    ]


def test_a_host_of_the_helpdesk_is_another_than_that_for_everybody() -> None:
    environ = {"WEBAPP_PUBLIC_URL": "https://pop.example.org", "WEBAPP_HELPDESK_HOST": "pop.example.org"}
    with pytest.raises(InputError, match="WEBAPP_HELPDESK_HOST must not be"):
        Config.from_environment(environ)


@pytest.mark.parametrize("key", ["a" * 40, "change-me-" * 3 + "change-me", "12345678" * 4, "0123456789abcdef" * 2])
def test_a_key_that_can_be_guessed_is_told(key: str) -> None:
    assert ["can be guessed" in str(message) for message in Config(secret_key=key).unsafe()] == [True]


def test_a_random_key_is_not_taken_for_one_that_can_be_guessed() -> None:
    keys = (secrets.token_hex(16), secrets.token_urlsafe(48), "of the tests, and of nobody else here")
    assert not [message for key in keys for message in Config(secret_key=key).unsafe()]


def test_the_document_says_of_each_setting_what_the_code_says() -> None:
    documented = dict(re.findall(r"^### (WEBAPP_\w+)\n\n(.+)$", DOCUMENT.read_text("utf-8"), re.MULTILINE))
    assert documented == {variable(entry.name): entry.metadata["text"] for entry in fields(Config)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOGIN_TESTS_PER_ACCOUNT", "2"),  # a full circle counts as three
        ("LOGIN_TESTS_PER_ACCOUNT", "1000"),
        ("LOGIN_REFUSALS_PER_ACCOUNT", "0"),
        ("CODES_OF_STRANGERS", "1000000"),
        ("CODES_PER_NETWORK", "5"),
        ("CODES_PER_NETWORK", "5 15 10"),
        ("CODES_PER_NETWORK", "5 15 1000"),
        ("CODES_PER_NETWORK", "1000 1000 1000"),
        ("CODES_PER_NETWORK", "5 many 30"),
        ("BREAKER_REFUSALS", "100000"),
    ],
)
def test_a_limit_cannot_be_set_to_what_protects_nobody(name: str, value: str) -> None:
    with pytest.raises(InputError, match=f"WEBAPP_{name}"):
        Config.from_environment({f"WEBAPP_{name}": value})


def test_a_limit_can_be_set_within_its_bounds() -> None:
    config = Config.from_environment(
        {"WEBAPP_LOGIN_TESTS_PER_NETWORK": "40 80 160", "WEBAPP_LOGIN_TESTS_PER_MINUTE": "60"}
    )
    assert (config.login_tests_per_network, config.login_tests_per_minute) == ((40, 80, 160), 60)
    assert dict(config.describe())["WEBAPP_LOGIN_TESTS_PER_NETWORK"] == "40 80 160"
