"""The provider files of a running site: taken over when they are whole, kept when they are not."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from webapp import create_app
from webapp.core.text import InputError
from webapp.infrastructure import provider_files
from webapp.infrastructure.config import Config, current_providers, site_provider
from webapp.web.health.readiness import readiness

COMMAND = Path(sys.executable).parent / "gmx-pop-wizard"
NORDLICHT = Path(__file__).parents[1] / "support" / "provider_files" / "nordlicht.example.toml"
BROKEN = NORDLICHT.read_text(encoding="utf-8").replace("port = 995", 'port = "995"')
DOCUMENT = "/mail/config-v1.1.xml?emailaddress=anna@nordlicht.example"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "providers"
    folder.mkdir()
    return Path(shutil.copy(NORDLICHT, folder))


@pytest.fixture
def app(config: Config, file: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(provider_files, "LOOK_SECONDS", 0)
    monkeypatch.setattr(readiness, "seconds", 0)
    return create_app(replace(config, providers_dir=file.parent))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return FlaskClient(app, app.response_class)


def served_port(client: FlaskClient) -> str:
    return client.get(DOCUMENT).text.split("<port>")[1].split("<")[0]


def test_a_changed_file_is_served_without_a_new_start(client: FlaskClient, file: Path) -> None:
    assert served_port(client) == "995"
    file.write_text(NORDLICHT.read_text(encoding="utf-8").replace("port = 995", "port = 1995"), encoding="utf-8")
    assert served_port(client) == "1995"
    assert "provider files" not in client.get("/readyz").text


@pytest.mark.parametrize("how", ["breaks", "disappears", "and its folder disappear"])
def test_the_last_good_file_stays_in_use_and_log_and_readyz_say_so(
    client: FlaskClient, file: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert served_port(client) == "995"
    if how == "breaks":
        file.write_text(BROKEN, encoding="utf-8")
    else:
        file.unlink()
    if "folder" in how:
        file.parent.rmdir()
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert served_port(client) == "995"
            ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.text.startswith("pages: ready\n")
    assert "the last good provider files stay in use" in ready.text
    assert str(file.parent.parent) not in ready.text
    if how == "breaks":
        assert "nordlicht.example.toml, servers[0].port: must be a whole number" in ready.text
    said = [record for record in caplog.records if "last good provider files" in record.getMessage()]
    assert len(said) == 1

    file.parent.mkdir(exist_ok=True)
    shutil.copy(NORDLICHT, file)
    assert served_port(client) == "995"
    assert "provider files" not in client.get("/readyz").text


def test_a_file_that_stood_in_for_a_built_in_one_stays_in_use_when_it_disappears(
    client: FlaskClient, file: Path
) -> None:
    own = file.with_name("mail.com.toml")
    own.write_text(NORDLICHT.read_text(encoding="utf-8").replace("nordlicht.example", "mail.com"), encoding="utf-8")
    document = DOCUMENT.replace("nordlicht.example", "mail.com")
    assert "Nordlicht" in client.get(document).text
    own.unlink()
    assert "Nordlicht" in client.get(document).text
    assert "mail.com.toml: has disappeared" in client.get("/readyz").text


def test_no_application_is_made_with_a_broken_file(config: Config, file: Path) -> None:
    file.write_text(BROKEN, encoding="utf-8")
    with pytest.raises(InputError, match=r"nordlicht\.example\.toml, servers\[0\]\.port: must be a whole number"):
        create_app(replace(config, providers_dir=file.parent))


@pytest.mark.parametrize(
    "call", [["serve", "--port", "1"], ["worker"], ["check", "anna@nordlicht.example"]], ids=lambda call: call[0]
)
def test_the_commands_refuse_a_broken_file_with_file_key_and_sentence(
    call: list[str], file: Path, tmp_path: Path
) -> None:
    file.write_text(BROKEN, encoding="utf-8")
    environment = {
        **os.environ, "WEBAPP_PROVIDERS_DIR": str(file.parent), "WEBAPP_DATA_DIR": str(tmp_path / "data"),
        "WEBAPP_REDIS_URL": "redis://127.0.0.1:1", "WEBAPP_SECRET_KEY": "0123456789abcdef0123456789abcdef",
    }  # fmt: skip
    for language, sentence in (("C", "must be a whole number"), ("de_DE.UTF-8", "muss eine ganze Zahl")):
        done = subprocess.run(
            [COMMAND, *call], env={**environment, "LC_ALL": language}, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 2
        assert f"{file}, servers[0].port: {sentence}" in done.stderr
        assert "Traceback" not in done.stderr


def test_only_the_providers_that_the_operator_names_are_served_and_the_first_is_what_the_site_is_about(
    config: Config, file: Path
) -> None:
    named = create_app(replace(config, providers_dir=file.parent, providers=("nordlicht.example", "gmx.com")))
    with named.app_context():
        assert list(current_providers()) == ["nordlicht.example", "gmx.com"]
        assert site_provider().id == "nordlicht.example"
    own = create_app(replace(config, providers_dir=file.parent, providers=("gmx.net",)))
    with own.app_context():
        assert list(current_providers()) == ["gmx.net", "nordlicht.example"]
    with pytest.raises(InputError, match=r"WEBAPP_PROVIDERS: there is no provider “web\.d”"):
        create_app(replace(config, providers=("web.d",)))
