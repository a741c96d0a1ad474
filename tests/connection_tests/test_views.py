"""The connection test as a person meets it: pages, buttons, reloads; with both engines."""

from __future__ import annotations

import base64
import json
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from tests.connection_tests.conftest import LOGIN, PASSWORD, USER, MakeSite, Site
from tests.connection_tests.test_engines import silent_dialogue
from tests.support.client import PageLintingClient, button_texts, parse, text_of
from tests.support.limits import NUMBERS, refuse
from webapp.connection_tests.engine import Plan, current_providers
from webapp.connection_tests.redis_stores import PREFIX
from webapp.core.probe import RunState
from webapp.infrastructure import db, limits
from webapp.infrastructure.config import RESULT_WAITERS_MAX
from webapp.infrastructure.sealing import WorkerKey
from webapp.web import connection_tests as views
from webapp.web.connection_tests.ownership import PASSED_KEY, RUNS_MAX
from webapp.web.wizard.answers import MAX_BYTES

COM = "john@gmx.com"
COM_ANSWERS = {
    "address": {
        "email_address": COM,
        "name": "",
        "providers": ["gmx.com", "gmx.net"],
        "certainty": "ambiguous",
    },
    "platform": {"provider": "gmx.com"},
}


def buttons(page: str) -> list[str]:
    return [text for form in parse(page).iter("form") for text in button_texts(form)]


def run_id_of(page: TestResponse) -> str:
    return next(f.attrib["value"] for f in parse(page.text).iter("input") if f.get("name") == "run_id")


@pytest.fixture
def site(make_site: MakeSite) -> Iterator[Site]:
    with make_site() as made:
        yield made


@pytest.mark.parametrize("locale", ["de", "en"])
def test_a_green_login_test_says_what_waits_and_how_it_went(site: Site, locale: str) -> None:
    page = site.page(site.log_in(), locale)
    assert "anna@gmx.de" in page, "whose own page it is sees which mailbox"
    if locale == "de":
        assert "Alles funktioniert" in page
        assert "Im Posteingang liegen 5 E-Mails mit 0,1 MB." in page
        assert (
            "Das erste Abholen dauert weniger als eine Minute. Das ist geschätzt, für einen Internetanschluss mit 10 Megabit"
            in page
        )
        assert "Nimmt E-Mails bis 69,9 MB an" in page
        assert "Verschlüsselung TLSv1.3 · Zertifikat gültig bis " in page
    else:
        assert "Everything works" in page
        assert "5 messages with 0.1 MB are in the inbox." in page
    assert site.attempts == (1, 1)


@pytest.mark.parametrize("chosen", [{"protocol": {"protocol": "imap"}}, {"program": {"client": "gmail-app"}}])
def test_who_reads_by_imap_is_told_that_we_log_in_nowhere_by_it(site: Site, chosen: dict[str, Any]) -> None:
    open_before = site.client.get("/connection-tests")
    site.answer(**chosen)
    sent = site.client.submit(open_before, {"password": PASSWORD}, form=LOGIN)
    assert (sent.status_code, sent.location) == (303, "/connection-tests")
    page = site.client.get(sent.location).text
    assert "Eine Anmeldung mit IMAP können wir nicht prüfen" in page
    assert 'name="password"' not in page
    assert site.client.get("/connection-tests/circle").location == "/connection-tests"
    assert site.run(site.check()).report.passed
    assert site.attempts == (0, 0)


@pytest.mark.parametrize(("named", "warned"), [({}, True), ({"operator_name": "Stadtwerke Beispiel"}, False)])
def test_the_password_s_page_and_the_imprint_agree_on_who_runs_the_site(
    make_site: MakeSite, named: dict[str, str], warned: bool
) -> None:
    with make_site(**named) as site:
        for page in ("/connection-tests", "/privacy"):
            assert (
                "Geben Sie Ihr Passwort nur ein, wenn Sie wissen, wer sie betreibt" in site.client.get(page).text
            ) is warned


def test_reload_back_and_a_second_click_change_nothing(site: Site) -> None:
    form = site.client.get("/connection-tests")
    first = site.client.submit(form, {"password": PASSWORD}, form=LOGIN)
    second = site.client.submit(form, {"password": PASSWORD}, form=LOGIN)
    run = site.run(first)
    assert second.location == first.location + "?again=1"
    for url in (first.location, second.location, first.location):
        assert site.client.get(url).status_code == 200
    assert "Wir haben uns nicht noch einmal angemeldet" in site.client.get(second.location).text
    again = site.client.submit(form, {"password": PASSWORD}, form=LOGIN)
    assert site.run(again).report.reference == run.report.reference
    assert site.attempts == (1, 1)


def test_clicks_that_arrive_together_are_one_test(site: Site) -> None:
    """Two clicks before the first answer: both come with the same cookie, which knows of no test."""
    form = site.client.get("/connection-tests")
    cookie = site.client.get_cookie("session")
    assert cookie is not None

    def click(_: int) -> str:
        client = site.app.test_client()
        assert isinstance(client, PageLintingClient)
        client.set_cookie("session", cookie.value)
        return str(client.submit(form, {"password": PASSWORD}, form=LOGIN).location)

    with ThreadPoolExecutor(5) as pool:
        locations = list(pool.map(click, range(5)))
    run_id = locations[0].rpartition("/")[2].partition("?")[0]
    assert site.ended(run_id).state is RunState.PASSED
    assert {location.partition("?")[0] for location in locations} == {f"/connection-tests/{run_id}"}
    assert site.attempts == (1, 1)
    with site.app.app_context():
        assert limits.current().allowance(USER, "gmx.net").left == NUMBERS.login_tests_per_account - 1


def test_a_form_used_before_a_restart_is_not_used_again(make_site: MakeSite) -> None:
    with make_site() as site:
        form = site.client.get("/connection-tests")
        cookie = site.client.get_cookie("session")
        assert cookie is not None
        site.run(site.client.submit(form, {"password": PASSWORD}, form=LOGIN))
        if site.worker is None:
            site.engine.runs._runs.clear()  # type: ignore[attr-defined]
        else:
            Redis.from_url(site.config.redis_url).flushall()
            site.worker._send_heartbeat()
        site.client.set_cookie("session", cookie.value)  # the browser never got the answer
        again = site.client.submit(form, {"password": PASSWORD}, form=LOGIN)
        page = site.client.get(again.location)
        assert page.status_code == 410
        assert "unterbrochen" in page.text
        assert site.attempts == (1, 1)


def test_a_refused_login_shows_the_checklist_and_what_is_left(make_site: MakeSite) -> None:
    with make_site("pop3-auth-one-text") as site:
        response = site.log_in()
        page = site.page(response)
        markup = site.client.get(response.location).text
        assert "GMX hat die Anmeldung abgelehnt" in page
        assert "Was Sie jetzt tun können" in page
        assert markup.count('name="password"') == 1, "no field to try again on the same page"
        assert '<details class="stages"><summary' in markup, "technical lines are folded"
        assert "Nicht geprüft" in page
        assert "Sie können die Anmeldung noch 2 Mal prüfen. Danach warten wir 15 Minuten" in page
        assert "Ihr Passwort wurde nicht gesendet" not in page
        assert site.attempts == (1, 0)


def test_after_three_tests_the_clock_says_when_the_next_one_is(
    make_site: MakeSite,
) -> None:
    now = datetime(2026, 11, 25, 17, 25, tzinfo=UTC)
    with make_site("pop3-auth-one-text") as site:
        site.set_clock(lambda: now)
        form = site.client.get("/connection-tests")
        for _ in range(NUMBERS.login_tests_per_account):
            page = site.page(site.log_in())
        assert "Im Moment können Sie die Anmeldung nicht prüfen. Die nächste Prüfung ist um 18:40 Uhr möglich." in page
        late = site.client.submit(form, {"password": PASSWORD}, form=LOGIN)
        assert late.status_code == 429
        assert int(late.headers["Retry-After"]) > 0
        assert "18:40 Uhr" in late.text
        index = site.client.get("/connection-tests").text
        assert "18:40 Uhr" in index
        assert 'name="password"' not in index
        assert site.attempts == (3, 0)


def test_a_blank_is_asked_about_without_typing_the_password_again(make_site: MakeSite) -> None:
    with make_site() as site:
        for press, sent in (("Ohne Leerzeichen prüfen", PASSWORD), ("Mit Leerzeichen prüfen", f" {PASSWORD} ")):
            before = site.attempts
            question = site.log_in(f" {PASSWORD} ")
            assert question.status_code == 200
            assert PASSWORD not in question.text
            assert buttons(question.text) == ["Ohne Leerzeichen prüfen", "Mit Leerzeichen prüfen"]
            assert site.attempts == before
            site.pop3.values["{password}"] = sent
            run = site.run(site.client.submit(question, form=press))
            assert run.report.password_sent
            assert site.attempts[0] == before[0] + 1
        tried = [line for line in site.pop3.seen if line.startswith("AUTH PLAIN")]
        assert [base64.b64decode(line.split()[2]).decode().split("\0")[2] for line in tried] == [
            PASSWORD,
            f" {PASSWORD} ",
        ]


def test_the_question_about_a_blank_counts_nothing_and_waits_a_minute_only(site: Site) -> None:
    for _ in range(5):
        question = site.log_in(f"{PASSWORD} ")
    with site.app.app_context():
        assert limits.current().allowance(USER, "gmx.net").left == NUMBERS.login_tests_per_account
    site.engine.passwords.take(run_id_of(question))  # the minute is over
    late = site.client.told(site.client.submit(question, form="Mit Leerzeichen prüfen"))
    assert late.status_code == 422
    assert "Geben Sie Ihr Passwort noch einmal ein" in late.text
    assert site.attempts == (0, 0)


def test_the_longest_answers_leave_room_for_eight_tests(site: Site) -> None:
    """The cookie of a person whose address and names are as long as they may be, and who tries everything."""
    address = "a" * 64 + "@" + ".".join(["b" * 63] * 2 + ["c" * 57, "de"])
    assert len(address) <= 254
    answers = {"email_address": address, "name": "", "providers": ["gmx.net", "gmx.com"], "certainty": "confirm"}
    site.answer(address=answers, platform={"provider": "gmx.net"})
    with site.client.session_transaction() as session:
        session["locale"], session["file_token"], session["download_link"] = "de", "abcdef", "x" * 22
        session["runs"] = ["x" * 32] * RUNS_MAX
        session["place"] = ["f" * 12, "/guide/account-settings?device=2&way=program&used=yes"]
        session[PASSED_KEY] = ["f" * 16, "gmx.net", 1_800_000_000]
        kept = {**session["answers"], "devices": {"devices": "one", "x": ""}}
        kept["devices"]["x"] = "y" * (MAX_BYTES - len(json.dumps(kept, separators=(",", ":"))))
        session["answers"] = kept
    form = site.client.get("/connection-tests")
    sent = site.client.submit(form, {"password": PASSWORD, "provider": "gmx.com"}, form=LOGIN)
    assert sent.status_code == 303
    site.run(sent)


@pytest.mark.parametrize("password", ["", "   ", "a\nb", "x" * 2000])
def test_a_password_that_cannot_be_used_is_refused_at_the_field(site: Site, password: str) -> None:
    answer = site.log_in(password)
    assert answer.status_code == 422
    assert "Fehler: " in answer.text
    assert site.attempts == (0, 0)


def test_the_report_is_saved_in_the_pinned_shape(site: Site) -> None:
    run = site.run(site.log_in())
    response = site.client.get(f"/connection-tests/{run.id}/report.json")
    assert response.headers["Content-Disposition"] == f"attachment; filename=gmx-pop-{run.report.reference}.json"
    shape = json.loads(response.text)
    assert list(shape) == [
        "version", "reference", "address", "provider", "vantage", "login", "password_sent", "started_at", "state",
        "passed", "stages", "diagnoses", "mailbox",
    ]  # fmt: skip
    assert (shape["address"], shape["state"], shape["passed"]) == ("a…a@gmx.de", "passed", True)
    assert shape["mailbox"] == {"messages": 5, "octets": 47919}
    page = site.client.get(f"/connection-tests/{run.id}").text
    assert f"GMX-POP {run.report.reference}" in page


def test_progress_is_a_part_of_the_page_with_a_tag_that_changes(make_site: MakeSite) -> None:
    with make_site(silent_dialogue()) as site:
        answer = site.log_in()
        run_id = answer.location.rpartition("/")[2]
        url = f"/connection-tests/{run_id}/progress"
        site.until(lambda: any(told["stage"] == "greeting" for told in site.told))
        client = FlaskClient(site.app)  # the part alone is no page
        cookie = site.client.get_cookie("session")
        assert cookie is not None
        client.set_cookie("session", cookie.value)

        def settled() -> Any:
            part = client.get(url)
            same = client.get(url, headers={"If-None-Match": part.headers["ETag"]})
            return (part, same) if same.status_code == 304 else None

        part, same = site.until(settled)
        assert f'data-poll="{url}"' in part.text
        assert same.data == b""
        assert same.headers["Cache-Control"] == "no-store"
        english = client.get(f"{url}?lang=en", headers={"If-None-Match": part.headers["ETag"]})
        assert english.status_code == 200
        page = site.client.get(answer.location)
        assert "Stand: " in page.text
        assert "Aktualisieren" in page.text
        cancelled = site.client.submit(page, form="Prüfung abbrechen")
        assert cancelled.location == answer.location
        site.ended(run_id)
        end = client.get(url, headers={"If-None-Match": part.headers["ETag"]})
        assert "data-poll" not in end.text
        assert "abgebrochen" in site.page(answer)
        assert site.attempts == (0, 0)


def test_only_a_part_of_the_threads_waits_for_results(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    with make_site(silent_dialogue()) as site:
        answer = site.log_in()
        waited: list[float] = []
        wait = site.engine.runs.wait
        monkeypatch.setattr(site.engine.runs, "wait", lambda *values: waited.append(values[1]) or wait(*values))
        site.client.get(answer.location)
        assert waited == [views.RESULT_WAIT_SECONDS]
        slots = site.app.extensions["result_waiters"]
        for _ in range(RESULT_WAITERS_MAX):
            assert slots.acquire(blocking=False)
        assert site.client.get(answer.location).status_code == 200
        assert len(waited) == 1
        site.client.submit(site.client.get(answer.location), form="Prüfung abbrechen")
        site.run(answer)


def test_who_waits_reads_their_place_and_may_leave(
    make_site: MakeSite, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "RESULT_WAIT_SECONDS", 0.1)
    with make_site(work=False) as site:
        site.engine.check_ready = lambda: None  # type: ignore[method-assign]
        if kind == "redis":  # a worker that has just died
            site.engine.passwords._workers = lambda: {"gone": WorkerKey().public}  # type: ignore[attr-defined]
        first, second = site.log_in(), site.log_in()
        assert "Position 1" in site.client.get(first.location).text
        page = site.client.get(second.location)
        assert "Position 2" in page.text
        site.client.submit(site.client.get(first.location), form="Prüfung abbrechen")
        assert "Position 1" in site.client.get(second.location).text
        assert site.run(first).state is RunState.CANCELLED


@pytest.mark.parametrize("state", [RunState.EXPIRED, RunState.INTERRUPTED, RunState.CANCELLED, RunState.UNKNOWN])
@pytest.mark.parametrize("locale", ["de", "en"])
def test_every_end_has_its_page(make_site: MakeSite, state: RunState, locale: str) -> None:
    with make_site(work=False) as site:
        with site.app.app_context():
            run = Plan("gmx.net", USER, login=True).run("a-run-of-the-test", current_providers())
        site.engine.runs.add(run)
        site.engine.runs.end(run.id, state)
        with site.client.session_transaction() as session:
            session["runs"] = [run.id]
        page = site.client.get(f"/connection-tests/{run.id}?lang={locale}")
        title = {
            "expired": ("kam nicht an die Reihe", "did not get its turn"),
            "interrupted": ("wurde unterbrochen", "was interrupted"),
            "cancelled": ("wurde abgebrochen", "was cancelled"),
            "unknown": ("nicht geantwortet", "did not answer the login"),
        }[state.value][locale == "en"]
        assert title in text_of(parse(page.text).find("body/main"))


@pytest.mark.parametrize(("keep", "said"), [("delete", "nach dem Abholen"), ("14", "14 Tage nach dem Abholen")])
def test_warns_before_the_first_fetch_of_what_it_would_delete(site: Site, keep: str, said: str) -> None:
    site.answer(retention={"keep": keep, "confirmed": True})
    answer = site.log_in()
    page = site.page(answer)
    assert f"5 E-Mails werden {said} bei GMX gelöscht. Wollen Sie das?" in page
    assert 'href="/adjust/retention?again=1"' in site.client.get(answer.location).text


# What does not answer


def test_nothing_is_tried_while_the_counters_do_not_answer(site: Site) -> None:
    form = site.client.get("/connection-tests")
    db.dispose()
    for path in site.config.data_dir.glob("wizard.sqlite3*"):
        path.unlink()
    (site.config.data_dir / "wizard.sqlite3").mkdir()
    for number in (0, 1):
        answer = site.client.submit(form, {"password": PASSWORD}, form=number)
        assert answer.status_code == 503
        assert "Wir haben uns nicht angemeldet" in answer.text
    page = site.client.get("/connection-tests").text
    assert "gerade ausgeschaltet" in page
    assert site.attempts == (0, 0)
    assert (site.pop3.connections, site.smtp.connections) == (0, 0)


def test_a_locked_database_refuses_kindly(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    form = site.client.get("/connection-tests")
    monkeypatch.setattr(db, "DATABASE_BUSY_SECONDS", 0.1)
    db.dispose()
    blocking = sqlite3.connect(site.config.data_dir / "wizard.sqlite3", isolation_level=None)
    blocking.execute("BEGIN IMMEDIATE")
    answer = site.client.submit(form, {"password": PASSWORD}, form=LOGIN)
    blocking.execute("ROLLBACK")
    blocking.close()
    assert answer.status_code == 503
    assert site.attempts == (0, 0)


@pytest.mark.parametrize("way", ["setting", "breaker"])
def test_while_the_login_test_is_off_the_rest_goes_on(make_site: MakeSite, way: str) -> None:
    with make_site("pop3-good-without-login", "smtp-good-without-login", login_test=way != "setting") as site:
        form = site.client.get("/connection-tests")
        with site.app.app_context():
            if way == "breaker":
                for number in range(NUMBERS.breaker_refusals):
                    assert refuse(limits.current(), f"{number}@gmx.de", f"198.51.100.{number}", f"t{number}")
        page = site.client.get("/connection-tests").text
        assert "Die Anmelde-Prüfung ist gerade ausgeschaltet. Ihre Einstellungen bekommen Sie trotzdem." in page
        assert 'name="password"' not in page
        answer = site.client.submit(form, {"login": "1", "password": PASSWORD}, form=0)
        assert answer.status_code == 403
        assert "Die Anmelde-Prüfung ist gerade ausgeschaltet" in answer.text
        assert ("Pause" in answer.text) == (way == "breaker")
        assert site.run(site.check()).state is RunState.PASSED
        assert site.client.get("/finish").status_code == 200
        assert site.attempts == (0, 0)


def test_without_a_worker_the_page_says_so_at_once(make_site: MakeSite, kind: str) -> None:
    with make_site(work=False) as site:
        form = site.client.get("/connection-tests")
        begin = time.monotonic()
        for number in (0, 1):
            answer = site.client.submit(form, {"password": PASSWORD}, form=number)
            assert answer.status_code == 503
        assert time.monotonic() - begin < 30
        with site.app.app_context():
            assert limits.current().allowance(USER, "gmx.net").left == NUMBERS.login_tests_per_account
        if kind == "redis":
            assert not list(Redis.from_url(site.config.redis_url).scan_iter(PREFIX + "*"))
