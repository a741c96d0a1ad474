"""How agents prove who they are, and what a guesser gets."""

from __future__ import annotations

import json
import re
import threading
import time
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from tests.helpdesk.conftest import PASSWORD, Browser, add_agent, join, open_case, post, sign_in
from tests.support.client import PageLintingClient
from tests.support.limits import NUMBERS, household
from webapp import create_app
from webapp.cli import cli
from webapp.core.text import InputError
from webapp.helpdesk import agents, factors
from webapp.helpdesk.audit import Action
from webapp.infrastructure import db, limits
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Agent, AuditEntry, Passkey


def agent_row(config: Config, login: str = "vera@example.org") -> Agent:
    with db.read(config) as session:
        found = session.scalar(select(Agent).where(Agent.login == login))
    assert found is not None
    return found


def change(config: Config, **values: object) -> None:
    with db.begin(config) as session:
        session.query(Agent).filter_by(login="vera@example.org").update(dict(values))


def enrol_totp(config: Config, client: PageLintingClient) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an authenticator app; return it with the recovery codes."""
    post(client, "/helpdesk/account/totp/begin", page="/helpdesk/account")
    page = client.get("/helpdesk/account/totp").text
    secret = re.search(r'class="value"[^>]*>([A-Z2-7 ]+)<', page)
    assert secret
    assert "alle 30 Sekunden sechs neue Ziffern" in page
    app = pyotp.TOTP(secret[1].replace(" ", ""))
    shown = post(client, "/helpdesk/account/totp", {"code": app.now()}, page="/helpdesk/account/totp")
    assert shown.status_code == 200
    codes = re.findall(r"<code>((?:[a-z0-9]{6}-){3}[a-z0-9]{6})</code>", shown.text)
    assert len(codes) == factors.RECOVERY_CODES
    assert "hreflang" not in shown.text, "the other language would be a page without them"
    change(config, totp_step=0)  # the next code in the same half minute is good for the test
    return app, codes


# Passwords


def test_passwords_are_kept_as_argon2id_with_64_mebibytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "_hasher", PasswordHasher())
    made = agents.hash_password("a long sentence")
    assert made.startswith("$argon2id$v=19$m=65536,t=3,")


@pytest.mark.parametrize("bad", ["short", "a" * 20, "vera vera vera", "x" * 129, "Passwort2026"])
def test_refuses_passwords_that_are_easy_or_endless(app: Flask, bad: str) -> None:
    with app.app_context(), pytest.raises(InputError):
        agents.check_password(bad, "vera@example.org")


def test_takes_umlauts_blanks_and_long_sentences(app: Flask) -> None:
    with app.app_context():
        assert agents.check_password("  Prüfe die Größe öfter! ", "vera@example.org")


def test_words_of_the_place_are_common_here(app: Flask) -> None:
    app.extensions["config"] = replace(app.extensions["config"], operator_name="Wasserverband Nordheide")
    with app.app_context(), pytest.raises(InputError):
        agents.check_password("nordheide-2026", "vera@example.org")


# Signing in


def test_signs_in_and_asks_for_a_second_factor_once(new_browser: Browser) -> None:
    client = new_browser()
    answer = sign_in(client)
    assert answer.headers["Location"] == "/helpdesk/account?enrol=1"
    cookie = answer.headers["Set-Cookie"]
    assert re.match(r"helpdesk=[\w-]{43}; HttpOnly; Path=/; SameSite=Lax", cookie)
    assert client.get("/helpdesk").status_code == 200


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("vera@example.org", "wrong"),
        ("nobody@example.org", PASSWORD),
        ("", ""),
        ("VERA@example.org ", "x" * 5000),
        ("vera@example.org\x00", "\x00"),
    ],
)
def test_every_refusal_reads_the_same(new_browser: Browser, login: str, password: str) -> None:
    client = new_browser()
    answer = sign_in(client, login, password)
    assert answer.status_code == 422
    assert "Die Anmeldung hat nicht geklappt." in answer.text
    assert "Passwort vergessen?" in answer.text
    assert client.get("/helpdesk").headers["Location"] == "/helpdesk/sign-in"


def test_a_refused_sign_in_is_told_once_with_the_name_and_without_the_password(
    config: Config, new_browser: Browser
) -> None:
    client, wrong = new_browser(), "CANARY 4711"
    answer = client.submit(
        client.get("/helpdesk/sign-in?lang=de"), {"login": "vera@example.org", "password": wrong}, form="Anmelden"
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/helpdesk/sign-in")
    with client.session_transaction() as session:
        assert wrong not in repr(dict(session))
    told = client.get("/helpdesk/sign-in")
    assert told.status_code == 422, "a program that follows knows it from success"
    assert 'value="vera@example.org"' in told.text
    assert "Wir merken uns Ihr Passwort nicht" in told.text
    assert client.get("/helpdesk/sign-in").status_code == 200
    with db.read(config) as reading:
        refused = reading.scalars(select(AuditEntry.action).where(AuditEntry.action == Action.SIGN_IN_REFUSED))
        assert len(list(refused)) == 1


def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PasswordHasher(time_cost=2, memory_cost=8192, parallelism=1)
    monkeypatch.setattr(agents, "_hasher", real)
    add_agent(config, "vera@example.org", "Vera")
    change(config, password_hash=real.hash(PASSWORD))

    def seconds(login: str) -> float:
        times = []
        for _ in range(9):
            limits.current().forgive_agent(login)
            began = time.thread_time()
            agents.verify(login, "wrong password")
            times.append(time.thread_time() - began)
        return sorted(times)[4]

    with app.app_context():
        known, unknown = seconds("vera@example.org"), seconds("nobody@example.org")
    assert 0.5 < unknown / known < 2, (unknown, known)


def set_clock(app: Flask, passed: timedelta) -> None:
    app.extensions["limits"]._clock = lambda: datetime.now(UTC) + passed


def test_a_guesser_is_slowed_down_and_the_right_password_waits_too(app: Flask, new_browser: Browser) -> None:
    for _ in range(NUMBERS.sign_ins_per_agent):
        assert sign_in(new_browser(), password="wrong").status_code == 422
    assert sign_in(new_browser()).status_code == 422
    set_clock(app, timedelta(minutes=5))
    assert sign_in(new_browser()).status_code == 303
    for _ in range(NUMBERS.sign_ins_per_agent):  # all is forgiven: as many are free again
        assert sign_in(new_browser(), password="wrong").status_code == 422
    set_clock(app, timedelta(minutes=10))
    assert sign_in(new_browser()).status_code == 303


def test_who_goes_on_guessing_waits_an_hour(app: Flask, new_browser: Browser) -> None:
    for minutes in range(0, 30, 5):
        set_clock(app, timedelta(minutes=minutes))
        for _ in range(NUMBERS.sign_ins_per_agent):
            sign_in(new_browser(), password="wrong")
    set_clock(app, timedelta(minutes=55))
    assert sign_in(new_browser()).status_code == 422
    set_clock(app, timedelta(minutes=60))
    assert sign_in(new_browser()).status_code == 303


def test_too_many_hashes_at_a_time_are_answered_503_and_not_counted(
    app: Flask, helpdesk: Flask, new_browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "HASH_WAIT_SECONDS", 0.05)
    with agents._hashing(), agents._hashing():
        for _ in range(NUMBERS.sign_ins_per_network[0] + 1):
            answer = sign_in(new_browser())
            assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "10"
        assert "Gerade nicht erreichbar" in answer.text
    assert sign_in(new_browser()).status_code == 303


def test_nothing_is_hashed_where_there_is_no_agent(
    app: Flask, client: PageLintingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "_matches", lambda *_: pytest.fail("hashed"))
    assert sign_in(client).status_code == 422


def test_one_household_cannot_try_for_ever(app: Flask, new_browser: Browser) -> None:
    of_one, of_all = NUMBERS.sign_ins_per_network[:2]
    for number in range(of_all):
        browser = new_browser()
        browser.environ_base["REMOTE_ADDR"] = household(number // of_one)
        sign_in(browser, f"guess{number}@example.org", "x")
    last = new_browser()
    last.environ_base["REMOTE_ADDR"] = household(77)
    assert sign_in(last).status_code == 422
    assert sign_in(new_browser()).status_code == 303  # from elsewhere


def test_a_disabled_agent_is_out_at_once(config: Config, helpdesk: Flask, agent: PageLintingClient) -> None:
    assert agent.get("/helpdesk").status_code == 200
    agents.disable(config, "vera@example.org")
    assert agent.get("/helpdesk").headers["Location"] == "/helpdesk/sign-in"
    assert sign_in(agent).status_code == 422


# The second factor


def test_a_code_is_good_once(config: Config, agent: PageLintingClient, new_browser: Browser) -> None:
    totp, _ = enrol_totp(config, agent)
    code = totp.now()
    for expected in (303, 422):
        client = new_browser()
        sign_in(client)
        answer = post(client, "/helpdesk/second-factor", {"code": code}, page="/helpdesk/second-factor")
        assert answer.status_code == expected


def test_codes_of_a_step_early_or_late_are_taken_and_no_others() -> None:
    secret, now = factors.new_secret(), datetime(2026, 11, 25, 12, tzinfo=UTC)
    totp = pyotp.TOTP(secret)
    step = int(now.timestamp()) // 30
    for offset in (-1, 0, 1):
        assert factors.accepted_step(secret, totp.generate_otp(step + offset), 0, now) == step + offset
    for offset in (-2, 2):
        assert factors.accepted_step(secret, totp.generate_otp(step + offset), 0, now) is None
    assert factors.accepted_step(secret, "ä", 0, now) is None


def test_a_recovery_code_opens_once_and_wrong_ones_lock(
    config: Config, agent: PageLintingClient, new_browser: Browser
) -> None:
    _, codes = enrol_totp(config, agent)
    for code, expected in ((codes[0].upper(), 303), (codes[0], 422), (codes[1].replace("-", " "), 303)):
        client = new_browser()
        sign_in(client)
        answer = post(client, "/helpdesk/second-factor", {"code": code}, page="/helpdesk/second-factor")
        assert answer.status_code == expected
    client = new_browser()
    sign_in(client)
    for _ in range(NUMBERS.sign_ins_per_agent):
        post(client, "/helpdesk/second-factor", {"code": "000000"}, page="/helpdesk/sign-in")
    waits = post(client, "/helpdesk/second-factor", {"code": codes[2]}, page="/helpdesk/sign-in")
    assert (waits.request.path, waits.status_code) == ("/helpdesk/sign-in", 422)
    assert "Die Anmeldung hat nicht geklappt." in waits.text
    assert 'value="vera@example.org"' in waits.text
    assert client.get("/helpdesk").headers["Location"] == "/helpdesk/sign-in"
    assert sign_in(new_browser()).status_code == 422


def test_the_totp_secret_rests_sealed(config: Config, agent: PageLintingClient) -> None:
    totp, _ = enrol_totp(config, agent)
    sealed = agent_row(config).totp_secret
    assert sealed
    assert totp.secret.encode() not in sealed
    assert factors.opened_secret(config, sealed) == totp.secret


def test_passkeys_are_hidden_on_an_ip_address(config: Config, agent: PageLintingClient) -> None:
    local = agent.get("/helpdesk/account", base_url="http://127.0.0.1")
    assert "data-passkey" not in local.text
    assert "data-passkey" in agent.get("/helpdesk/account").text


@pytest.mark.parametrize("credential", ["[" * 20_000, '{"a":' * 4_000, "null", "[]", '{"rawId": 1}'])
def test_what_is_no_answer_of_a_passkey_is_refused_and_counted(
    config: Config, agent: PageLintingClient, new_browser: Browser, credential: str
) -> None:
    assert post(agent, "/helpdesk/account/passkeys/options", page="/helpdesk/account").status_code == 200
    added = post(agent, "/helpdesk/account/passkeys", {"credential": credential}, page="/helpdesk/account")
    assert added.status_code == 400
    with db.begin(config) as session:
        session.add(
            Passkey(
                agent_id=agent_row(config).id, credential_id=b"id", public_key=b"key", sign_count=0, name="",
                created_at=datetime.now(UTC),
            )
        )  # fmt: skip
    client = new_browser()
    sign_in(client)
    post(client, "/helpdesk/second-factor/options", page="/helpdesk/second-factor")
    answer = post(client, "/helpdesk/second-factor", {"credential": credential}, page="/helpdesk/second-factor")
    assert answer.status_code == 422
    for _ in range(NUMBERS.sign_ins_per_agent - 1):
        post(client, "/helpdesk/second-factor", {"credential": credential}, page="/helpdesk/second-factor")
    assert sign_in(new_browser()).status_code == 422


def test_a_passkey_counts_at_the_address_of_the_settings_and_nowhere_else(config: Config) -> None:
    app = create_app(replace(config, public_url="https://pop.example.org"))
    with app.test_request_context(base_url="https://pop.example.org:8443"):
        assert factors._origin() == "https://pop.example.org"
    with app.test_request_context(base_url="http://localhost"):
        assert not factors.passkeys_work()


@pytest.mark.parametrize("framed", [True, False])
def test_a_passkey_inside_of_a_page_of_somebody_else_does_not_count(framed: bool) -> None:
    client = {"type": "webauthn.get", "challenge": "YQ", "origin": "https://pop.example.org", "crossOrigin": framed}
    data = urlsafe_b64encode(json.dumps(client).encode()).decode()
    assert factors._is_framed(json.dumps({"response": {"clientDataJSON": data}})) is framed


# First-run links and the command line


@pytest.mark.peers
def test_a_first_run_link_is_used_once_where_two_press_at_once(config: Config, postgres_url: str) -> None:
    config = replace(config, database_url=postgres_url)
    db.upgrade(config)
    token = agents.add(config, "nina@example.org", "Nina", "agent")
    found: list[Agent | None] = []

    def second() -> None:
        with db.begin(config) as session:
            found.append(agents.by_setup(session, token, alone=True))

    other = threading.Thread(target=second)
    with db.begin(config) as session:
        agent = agents.by_setup(session, token, alone=True)
        assert agent is not None
        other.start()
        other.join(0.5)
        agent.setup_hash = None
    other.join()
    assert found == [None]
    db.dispose()


def test_the_command_line_adds_lists_and_disables(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBAPP_DATA_DIR", str(config.data_dir))
    monkeypatch.setenv("WEBAPP_SECRET_KEY", config.secret_key)
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    run = CliRunner().invoke
    added = run(cli, ["agents", "add", "Nina@example.org", "--name", "Nina", "--role", "admin"])
    assert "8000" in added.stderr  # which is a guess while no public address is set
    assert added.exit_code == 0, added.output
    assert re.search(r"http://localhost:8000/helpdesk/first-run/[\w-]{22}\n", added.stdout)
    assert "noch nie angemeldet" in run(cli, ["agents", "list"]).stdout
    assert run(cli, ["agents", "add", "nina@example.org", "--name", "Nina"]).exit_code == 2
    assert run(cli, ["agents", "add", "nina@example.org", "--again"]).exit_code == 0
    assert run(cli, ["agents", "disable", "nina@example.org"]).exit_code == 0
    assert "gesperrt" in run(cli, ["agents", "list"]).stdout
    assert run(cli, ["agents", "disable", "who"]).exit_code == 2


def test_a_first_run_link_sets_the_password_once(config: Config, new_browser: Browser) -> None:
    token = agents.add(config, "nina@example.org", "Nina", "agent")
    client, path = new_browser(), f"/helpdesk/first-run/{token}"
    assert client.get(path).status_code == client.get(path).status_code == 200
    assert post(client, path, {"password": "nina nina nina"}, page=path).status_code == 422
    assert post(client, path, {"password": "Ein Satz für Tests"}, page=path).status_code == 303
    assert client.get("/helpdesk").status_code == 200
    assert new_browser().get(path).status_code == 410
    assert sign_in(new_browser(), "nina@example.org", "Ein Satz für Tests").status_code == 303


def test_a_first_run_link_expires(config: Config, new_browser: Browser) -> None:
    token = agents.add(config, "nina@example.org", "Nina", "agent")
    with db.begin(config) as session:
        session.query(Agent).update({"setup_expires_at": datetime.now(UTC) - timedelta(seconds=1)})
    assert new_browser().get(f"/helpdesk/first-run/{token}").status_code == 410


def test_changing_the_password_needs_the_present_one_and_ends_other_sessions(
    agent: PageLintingClient, new_browser: Browser
) -> None:
    second = new_browser()
    sign_in(second)
    where = "/helpdesk/account/password"
    wrong = {"current": "wrong", "password": "Ein neuer Satz für Tests"}
    assert post(agent, where, wrong, page="/helpdesk/account").status_code == 422
    right = {"current": PASSWORD, "password": "Ein neuer Satz für Tests"}
    assert post(agent, where, right, page="/helpdesk/account").status_code == 303
    assert agent.get("/helpdesk").status_code == 200
    assert second.get("/helpdesk").status_code == 303


def test_an_administrator_adds_and_disables_but_not_themselves(
    config: Config, admin: PageLintingClient, new_browser: Browser
) -> None:
    sent = {"login": "nina@example.org", "name": "Nina", "role": "agent"}
    nameless = post(admin, "/helpdesk/agents", {**sent, "name": ""}, page="/helpdesk/agents").text
    assert 'id="name-error"' in nameless
    assert 'id="login-error"' not in nameless
    shown = post(admin, "/helpdesk/agents", sent, page="/helpdesk/agents").text
    link = re.search(r"http://localhost(/helpdesk/first-run/[\w-]+)<", shown)
    assert link
    assert "hreflang" not in shown, "the other language would be a page without the link"
    assert new_browser().get(link[1]).status_code == 200
    own = agent_row(config, "olga@example.org")
    assert post(admin, f"/helpdesk/agents/{own.id}/disable", page="/helpdesk/agents").status_code == 422
    assert f"/helpdesk/agents/{own.id}/disable" not in admin.get("/helpdesk/agents").text
    assert admin.told(admin.get(f"/helpdesk/agents/{own.id}/disable")).status_code == 422
    nina = agent_row(config, "nina@example.org")
    asked = f"/helpdesk/agents/{nina.id}/disable"
    assert f'href="{asked}"' in admin.get("/helpdesk/agents").text
    assert admin.submit(admin.get(asked), form="Nina sperren").status_code == 303
    assert new_browser().get(link[1]).status_code == 410
    assert "hat ein Konto gesperrt" in admin.get("/helpdesk/log").text
    assert admin.get(asked).headers["Location"] == "/helpdesk/agents", "nobody is asked what is done already"


def test_who_disables_somebody_in_a_call_reads_whom_it_meets(
    admin: PageLintingClient, agent: PageLintingClient, person: PageLintingClient, config: Config
) -> None:
    join(person, open_case(agent)[1])
    page = admin.get(f"/helpdesk/agents/{agent_row(config, 'vera@example.org').id}/disable").text
    assert "Vera hilft gerade 1 Person." in page


def test_an_agent_who_may_not_see_a_page_keeps_their_own_header(agent: PageLintingClient) -> None:
    for path, status in (("/helpdesk/agents", 403), ("/helpdesk/cases/00000000", 404), ("/helpdesk/nothing", 404)):
        page = agent.get(path)
        assert page.status_code == status
        assert ">Vera</a>" in page.text
        assert 'href="/helpdesk"' in page.text
        assert "site-header" not in page.text


def test_the_log_names_what_was_done(config: Config, agent: PageLintingClient, new_browser: Browser) -> None:
    sign_in(new_browser(), password="wrong")
    with db.read(config) as session:
        entries = [(entry.agent, entry.action) for entry in session.scalars(select(AuditEntry))]
    assert ("vera@example.org", "signed-in") in entries
    assert ("vera@example.org", "sign-in-refused") in entries
