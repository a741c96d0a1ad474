"""The room as a whole: it can be taken out, it can live on a host of its own, its settings are checked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests.helpdesk.conftest import add_agent
from tests.support.client import PageLintingClient
from webapp import create_app
from webapp.core.text import InputError
from webapp.helpdesk import recipients
from webapp.infrastructure import background
from webapp.infrastructure.config import Config

ROOT = Path(__file__).parents[2]

WALK = """
import sys
from pathlib import Path
import webapp
from webapp import create_app
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
assert Path(webapp.__file__).is_relative_to(sys.argv[1]), webapp.__file__
config = Config(data_dir=Path(sys.argv[1]) / "data", secret_key="x" * 40)
db.upgrade(config)
app = create_app(config)
app.config["WTF_CSRF_ENABLED"] = False
assert not [rule for rule in app.url_map.iter_rules() if "helpdesk" in rule.endpoint]
client = app.test_client()
assert client.get("/").status_code == 200
assert client.post("/setup/address", data={"email_address": "anna@gmx.de"}).status_code == 303
for path in ("/setup/program", "/help", "/healthz", "/readyz"):
    assert client.get(path).status_code == 200, path
from click.testing import CliRunner
from webapp.cli import cli
assert "agents" not in CliRunner().invoke(cli, ["--help"]).output
assert "purge" in CliRunner().invoke(cli, ["--help"]).output
"""


def test_without_its_folders_the_wizard_works_as_before(tmp_path: Path) -> None:
    skipped = shutil.ignore_patterns("__pycache__", "helpdesk", "helpdesk.*")
    for folder in ("webapp", "templates", "static"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skipped)
    assert not list(tmp_path.rglob("helpdesk*"))
    result = subprocess.run(
        [sys.executable, "-c", WALK, str(tmp_path)],
        cwd=tmp_path, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": "1"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


@pytest.fixture
def two_hosts(config: Config) -> PageLintingClient:
    settings = replace(config, public_url="https://pop.example.org", helpdesk_host="desk.example.org")
    app = create_app(settings)
    app.testing = True
    app.test_client_class = PageLintingClient
    add_agent(settings, "vera@example.org", "Vera")
    made = app.test_client()
    assert isinstance(made, PageLintingClient)
    return made


def test_agents_and_people_meet_on_hosts_of_their_own(two_hosts: PageLintingClient) -> None:
    people, desk = "https://pop.example.org", "https://desk.example.org"
    assert two_hosts.get("/", base_url=people).status_code == 200
    assert two_hosts.get("/join", base_url=people).status_code == 200
    assert two_hosts.get("/helpdesk/sign-in", base_url=desk).status_code == 200
    assert two_hosts.get("/healthz", base_url=desk).status_code == 200
    assert two_hosts.get("/", base_url=desk).headers["Location"] == "/helpdesk"
    for path, base in (("/helpdesk/sign-in", people), ("/helpdesk", people), ("/join", desk), ("/setup/address", desk)):
        assert two_hosts.open(path, base_url=base).status_code == 404, (path, base)
    file = "/api/v1/exports/other?address=anna@gmx.de"
    assert (two_hosts.open(file, base_url=people).status_code, two_hosts.open(file, base_url=desk).status_code) == (
        200,
        404,
    )


def test_the_agents_cookie_is_bound_to_its_host(two_hosts: PageLintingClient) -> None:
    from tests.helpdesk.conftest import PASSWORD, token_of_page

    desk = "https://desk.example.org"
    page = two_hosts.get("/helpdesk/sign-in", base_url=desk)
    sent = {"login": "vera@example.org", "password": PASSWORD, "csrf_token": token_of_page(page.text)}
    answer = two_hosts.post("/helpdesk/sign-in", data=sent, base_url=desk)
    assert answer.status_code == 303
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if "helpdesk" in line]
    assert cookie.startswith("__Host-helpdesk=")
    assert "; Secure; HttpOnly; Path=/; SameSite=Lax" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"WEBAPP_HELPDESK_HOST": "desk.example.org"}, "WEBAPP_PUBLIC_URL"),
        ({"WEBAPP_HELPDESK_HOST": "https://desk.example.org"}, "WEBAPP_HELPDESK_HOST"),
        ({"WEBAPP_OIDC_ISSUER": "https://login.example.org"}, "WEBAPP_OIDC_CLIENT_ID, WEBAPP_OIDC_CLIENT_SECRET"),
        ({"WEBAPP_WEBHOOK_URL": "https://hook.example.org"}, "WEBAPP_WEBHOOK_SECRET"),
        ({"WEBAPP_WEBHOOK_SECRET": "short"}, "WEBAPP_WEBHOOK_SECRET"),
        ({"WEBAPP_TICKET_SYSTEM": "zammad"}, "WEBAPP_TICKET_URL, WEBAPP_TICKET_TOKEN"),
        ({"WEBAPP_TICKET_SYSTEM": "jira"}, "WEBAPP_TICKET_SYSTEM must be one of: zammad."),
        ({"WEBAPP_TICKET_SYSTEM": "znuny"}, "WEBAPP_TICKET_SYSTEM must be one of: zammad."),
        ({"WEBAPP_HELPDESK_RETENTION": "0"}, "WEBAPP_HELPDESK_RETENTION"),
    ],
)
def test_settings_of_no_use_are_refused_at_start(environment: dict[str, str], named: str) -> None:
    with pytest.raises(InputError) as refused:
        Config.from_environment(environment)
    assert named in str(refused.value)


def test_every_system_that_is_set_up_gets_reports(app: Flask) -> None:
    settings = Config(
        ticket_system="zammad", ticket_url="https://t.example.org", webhook_url="https://hook.example.org"
    )
    assert recipients.targets(settings) == ["webhook", "zammad"]
    assert {f"outbox-{name}" for name in recipients.targets(settings)} <= set(background.of(app).duties)
    assert recipients.targets(Config()) == []


def test_a_silent_database_holds_one_page_and_not_all(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp.helpdesk import person

    asked, answers = threading.Event(), threading.Event()

    def silent() -> bool:
        asked.set()
        return answers.wait(60)

    monkeypatch.setattr(person.offered, "_read", silent)
    with ThreadPoolExecutor(9) as pool:
        held = pool.submit(lambda: app.test_client().get("/").status_code)
        assert asked.wait(60)
        try:
            others = [pool.submit(lambda: app.test_client().get("/").status_code) for _ in range(8)]
            assert [page.result(10) for page in others] == [200] * 8
            assert not held.done()
        finally:
            answers.set()
        assert held.result(10) == 200
