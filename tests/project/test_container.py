"""What the image, the compose file and the page on operation promise, without building anything."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from webapp.config import Config, variable

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OPERATION = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")


def instructions(word: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return [line.removeprefix(word).strip() for line in joined.splitlines() if line.startswith(f"{word} ")]


def last_stage() -> str:
    return re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[-1]


def test_both_stages_take_the_base_image_from_the_build_argument() -> None:
    (argument,) = instructions("ARG")
    assert argument.startswith("BASE_IMAGE=")
    assert [source.split()[0] for source in instructions("FROM")] == ["${BASE_IMAGE}", "${BASE_IMAGE}"]


def test_the_image_runs_as_nobody_in_particular() -> None:
    (user,) = instructions("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert "USER" in last_stage()
    assert f"chown {user} /data" in last_stage()


def test_the_image_installs_pinned_libraries_and_the_wheel_that_we_ship() -> None:
    runs = " ".join(instructions("RUN"))
    assert runs.count("--require-hashes -r requirements.txt") == 2
    assert "pip wheel --no-deps --no-build-isolation --no-index" in runs
    assert "pip install --no-deps --no-index /dist/*.whl" in runs
    assert "COPY . " not in DOCKERFILE
    copied = {name for line in instructions("COPY") if "--from" not in line for name in line.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)


def test_nothing_of_the_build_but_the_program_reaches_the_image() -> None:
    assert [line for line in last_stage().splitlines() if line.startswith("COPY")] == [
        "COPY --from=build /opt/gmx-pop-wizard /opt/gmx-pop-wizard"
    ]
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["build"]
    removed = next(run for run in instructions("RUN") if "uninstall" in run)
    for requirement in build:
        name = re.match(r"[a-z-]+", requirement)[0]  # type: ignore[index]
        assert name in removed or name == "babel", name  # Flask-Babel needs it


def test_what_the_build_copies_is_let_through() -> None:
    let_through = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    copied = {name for line in instructions("COPY") if "--from" not in line for name in line.split()[:-1]}
    assert copied == let_through


def test_the_image_checks_its_health_and_stops_as_the_server_wants() -> None:
    assert "http://127.0.0.1:8000/healthz" in " ".join(instructions("HEALTHCHECK"))
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    (command,) = instructions("CMD")
    assert command == '["gmx-pop-wizard", "serve", "--host", "0.0.0.0", "--port", "8000"]'  # a list: TERM reaches it


def test_the_image_holds_no_setting_that_is_secret() -> None:
    for line in (*instructions("ENV"), *instructions("ARG"), *instructions("LABEL")):
        assert not re.search(r"SECRET|PASSWORD|TOKEN|KEY", line)


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_service_may_do_as_little_as_possible(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    for port in service.get("ports", ()):
        assert port.startswith("127.0.0.1:")


def test_the_site_alone_is_what_starts_without_a_profile() -> None:
    assert [name for name, service in COMPOSE["services"].items() if "profiles" not in service] == ["web"]


def test_containers_may_take_longer_to_stop_than_a_test_to_end() -> None:
    from webapp.server import STOP_SECONDS

    for name in ("web", "worker"):
        assert int(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s")) > STOP_SECONDS
    stop = re.search(r"^TimeoutStopSec=(\d+)$", OPERATION, re.MULTILINE)
    assert stop
    assert int(stop[1]) > STOP_SECONDS


def test_no_password_of_a_test_reaches_a_disk_by_redis() -> None:
    assert COMPOSE["services"]["redis"]["command"].endswith('--save "" --appendonly no')


@pytest.mark.parametrize("name", ["compose.yaml", "Dockerfile", "docs/operation.md"])
def test_only_settings_there_are_are_named(name: str) -> None:
    known = {variable(entry.name) for entry in fields(Config)}
    assert set(re.findall(r"WEBAPP_[A-Z_]+[A-Z]", (ROOT / name).read_text(encoding="utf-8"))) <= known


def test_the_example_proxies_log_no_query_string_and_no_network_address() -> None:
    (nginx,) = re.findall(r"```nginx\n(.*?)```", OPERATION, re.DOTALL)
    (log_format,) = re.findall(r"log_format wizard '(.*?)'", nginx)
    assert not re.search(r"\$(?:request\b|request_uri|args|query_string|remote_addr|http_|uri)", log_format)
    assert nginx.count("access_log") == 2
    assert "access_log off" in nginx
    assert "wizard.log wizard;" in nginx
    (caddy,) = re.findall(r"```caddyfile\n(.*?)```", OPERATION, re.DOTALL)
    for field in ("request>uri", "request>remote_ip", "request>client_ip", "request>headers"):
        assert f"{field} delete" in caddy


def test_the_page_on_operation_describes_pages_there_are(client) -> None:  # type: ignore[no-untyped-def]
    for path in ("/healthz", "/readyz", "/privacy", "/imprint", "/accessibility"):
        assert f"`{path}`" in OPERATION
        assert client.get(path).status_code == 200
