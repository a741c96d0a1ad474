"""The image, the compose file and the page on operation keep their promises, without building anything.

Each is parsed, and compared with what the program itself says: its commands, routes, settings and times.
"""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import tomllib
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
import yaml
from flask import Flask

from tests.support.client import PageLintingClient
from webapp.cli import cli
from webapp.infrastructure.config import BODY_BYTES_MAX, TABLE_BYTES_MAX, Config, variable
from webapp.server.running import STOP_SECONDS

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
DEPLOY = ROOT / "deploy"
NGINX, CADDY = ((DEPLOY / name).read_text(encoding="utf-8") for name in ("nginx.conf", "Caddyfile"))
OPERATION = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")

Instruction = tuple[str, str]


def stages() -> list[list[Instruction]]:
    """Return the Dockerfile's instructions, those before the first FROM and then stage by stage."""
    found: list[list[Instruction]] = [[]]
    for line in re.sub(r"\\\n\s*", "", DOCKERFILE).splitlines():
        word, _, rest = line.partition(" ")
        if word and not word.startswith("#"):
            found += [[]] if word == "FROM" else []
            found[-1].append((word, rest.strip()))
    return found


def instructions(word: str, stage: list[Instruction] | None = None) -> list[str]:
    everything = [instruction for instructions in stages() for instruction in instructions]
    return [rest for name, rest in (everything if stage is None else stage) if name == word]


def commands() -> list[list[str]]:
    """Return every command of every RUN as words."""
    runs = (re.sub(r"--mount=\S+ +", "", run) for run in instructions("RUN"))
    return [shlex.split(command) for run in runs for command in run.split("&&")]


def copied_from_the_source() -> set[str]:
    return {name for line in instructions("COPY") if "--from" not in line for name in line.split()[:-1]}


def the_command_of(call: list[str]) -> dict[str, object]:
    """Return the values that our command reads from a call of it; a call that it would refuse fails."""
    program, name, *arguments = call
    assert program in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    command = cli.commands[name]
    with click.Context(command) as context:
        command.parse_args(context, arguments)
        return dict(context.params)


def test_every_stage_takes_the_base_image_from_the_build_argument() -> None:
    (argument,) = instructions("ARG", stages()[0])
    name = argument.partition("=")[0]
    assert {source.split()[0] for source in instructions("FROM")} == {f"${{{name}}}"}


def test_the_image_runs_as_a_user_without_rights_who_owns_the_data() -> None:
    last = stages()[-1]
    (user,) = instructions("USER", last)
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    (folder,) = instructions("VOLUME", last)
    assert ["chown", user, folder] in commands()
    settings = dict(pair.split("=", 1) for line in instructions("ENV", last) for pair in shlex.split(line))
    assert settings[variable("data_dir")] == folder


def calls_of_pip() -> list[list[str]]:
    """Return every call of pip by deploy/build, which builds what the image and a machine run."""
    lines = (DEPLOY / "build").read_text(encoding="utf-8").splitlines()
    calls = [shlex.split(line.replace("$into", "bin/pip")) for line in lines if re.search(r"^\$into|bin/pip\" ", line)]
    return [call for call in calls if call[0].endswith("/pip")]


def test_nothing_is_installed_that_is_not_pinned() -> None:
    found = [call for call in calls_of_pip() if call[1] in ("install", "wheel")]
    assert len(found) == 4
    for call in found:
        if "--no-index" not in call:
            assert "--require-hashes" in call
            assert call[-2:] == ["-r", "requirements.txt"]


def test_nothing_of_the_build_but_the_program_reaches_the_image() -> None:
    (copy,) = instructions("COPY", stages()[-1])
    assert copy.startswith("--from=")
    assert ["sh", "deploy/build", "/opt/gmx-pop-wizard"] in [call[-3:] for call in commands()]
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["build"]
    (removed,) = ({*call[2:]} for call in calls_of_pip() if call[1] == "uninstall")
    names = {re.match(r"[a-z-]+", requirement)[0] for requirement in build}  # type: ignore[index]
    assert names - {"babel"} <= removed, "Flask-Babel needs babel, nothing the rest"
    assert "venv --without-pip" in (DEPLOY / "build").read_text(encoding="utf-8")
    assert re.search(r"rm -rf \S+/pip\* \S+/setuptools\*", instructions("RUN", stages()[-1])[0]), "those of the base"


def test_what_the_build_copies_is_there_and_let_through() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert copied_from_the_source() == {line[1:] for line in ignore if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied_from_the_source())


def test_the_image_starts_checks_and_stops_the_server_that_there_is(client: PageLintingClient) -> None:
    last = stages()[-1]
    (start,) = instructions("CMD", last)
    values = the_command_of(json.loads(start))  # a list: without a shell in between, TERM reaches it
    assert instructions("EXPOSE", last) == [str(values["port"])]
    (check,) = instructions("HEALTHCHECK", last)
    url = urlsplit(re.findall(r"http://[^']+", " ".join(json.loads(check.partition("CMD ")[2])))[0])
    assert (url.hostname, url.port) == ("127.0.0.1", values["port"])
    assert client.get(url.path).status_code == 200
    for name in ("web", "web-2"):
        asked = COMPOSE["services"][name]["healthcheck"]["test"]
        assert asked[1:] == json.loads(check.partition("CMD ")[2]), "an image in the OCI format has none"
    assert instructions("STOPSIGNAL", last) == [signal.SIGTERM.name]


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
    assert re.fullmatch(r"\d+m", service["mem_limit"])
    assert service["pids_limit"] <= 256
    for port in service.get("ports", ()):
        assert port.startswith("127.0.0.1:")


def test_the_site_alone_is_what_starts_without_a_profile() -> None:
    assert [name for name, service in COMPOSE["services"].items() if "profiles" not in service] == ["web"]


def test_every_build_can_say_of_what_it_is_and_be_repeated() -> None:
    labels = " ".join(instructions("LABEL", stages()[-1]))
    for word in ("version", "revision", "source"):
        assert f'org.opencontainers.image.{word}="${{{word.upper()}}}"' in labels
    assert all("SOURCE_DATE_EPOCH=" in instructions("ARG", stage) for stage in stages()[1:])


@pytest.mark.parametrize(("given", "taken"), [("", "unset"), (None, "unset"), ("1577836800", "1577836800")])
def test_an_empty_time_of_the_build_is_none(given: str | None, taken: str) -> None:
    """An ARG without a value reaches RUN as an empty variable, and hatchling wants a number where there is one."""
    start, _, _ = (DEPLOY / "build").read_text(encoding="utf-8").partition("\ncd ")
    called = ["sh", "-c", f'{start}\necho "${{SOURCE_DATE_EPOCH-unset}}"']
    environment = {} if given is None else {"SOURCE_DATE_EPOCH": given}
    assert subprocess.run(called, env=environment, capture_output=True, text=True, check=True).stdout == f"{taken}\n"


def test_a_container_of_its_own_is_started_by_a_command_there_is() -> None:
    the_command_of(COMPOSE["services"]["worker"]["command"].split())


def test_whatever_stops_the_program_gives_its_tests_time_to_end() -> None:
    given = [COMPOSE["services"][name]["stop_grace_period"].removesuffix("s") for name in ("web", "worker")]
    for unit in DEPLOY.glob("systemd/*.service"):
        given += re.findall(r"^TimeoutStopSec=(\d+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    given += re.findall(r"docker stop -t (\d+)", OPERATION)
    assert len(given) == 6
    assert min(map(int, given)) > STOP_SECONDS


def test_no_password_of_a_test_reaches_a_disk_by_redis() -> None:
    _, *words = shlex.split(COMPOSE["services"]["redis"]["command"])
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert (options["--save"], options["--appendonly"]) == ("", "no")


@pytest.mark.parametrize("name", ["compose.yaml", "Dockerfile", "docs/operation.md", "docs/debian.md"])
def test_only_settings_there_are_are_named(name: str) -> None:
    known = {variable(entry.name) for entry in fields(Config)}
    assert set(re.findall(r"WEBAPP_[A-Z_]+[A-Z]", (ROOT / name).read_text(encoding="utf-8"))) <= known


def test_nginx_logs_no_query_string_no_network_address_and_no_token(app: Flask) -> None:
    nginx = NGINX
    formats = dict(re.findall(r"log_format (\w+) '(.*?)';", nginx))
    logs = [log.split() for log in re.findall(r"access_log (.*?);", nginx)]
    assert len(logs) == nginx.count("server {")
    assert all(log == ["off"] or log[1] in formats for log in logs)
    for text in formats.values():
        assert set(re.findall(r"\$(\w+)", text)) <= {"time_iso8601", "status", "request_method", "page"}
    (page,) = re.findall(r"map \$uri \$page \{(.*?)\}", nginx, re.DOTALL)
    hidden = re.findall(r"~(\S+)\s+\S+\.\.\.;", page)
    secret = {rule.rule for rule in app.url_map.iter_rules() if "token" in rule.arguments}
    assert secret
    assert not {rule for rule in secret if not any(re.match(pattern, rule) for pattern in hidden)}


def test_caddy_logs_nothing_of_a_request() -> None:
    deleted = set(re.findall(r"request>(\w+) delete", CADDY))
    assert deleted == {"uri", "remote_ip", "client_ip", "remote_addr", "headers"}


def test_the_proxies_take_the_largest_table_and_wait_for_no_slow_one() -> None:
    megabytes = [*re.findall(r"client_max_body_size (\d+)m;", NGINX), *re.findall(r"max_size (\d+)MB", CADDY)]
    assert len(megabytes) == 2
    assert all(int(number) * 1_000_000 > TABLE_BYTES_MAX + BODY_BYTES_MAX for number in megabytes)
    assert dict(re.findall(r"(read_\w+) (\d+)s", CADDY)) == {"read_header": "10", "read_body": "20"}


def test_the_page_on_operation_describes_pages_there_are(client: PageLintingClient) -> None:
    for path in ("/healthz", "/readyz", "/privacy", "/imprint", "/accessibility"):
        assert f"`{path}`" in OPERATION
        assert client.get(path).status_code == 200
