"""The full circle as a person meets it: after a login that worked, with a consent of its own, on both engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.connection_tests.conftest import PASSWORD, USER, MakeSite, Site
from tests.connection_tests.test_canary import everything  # noqa: F401  a fixture
from tests.connection_tests.test_views import run_id_of
from tests.support.certificates import Certificates
from tests.support.client import parse, text_of
from tests.support.limits import NUMBERS, QUARTER
from tests.support.post_office import PostOffice
from webapp.core.diagnosis.reading import read_report
from webapp.core.probe import RunState
from webapp.infrastructure import limits
from webapp.infrastructure.config import CIRCLE_AFTER_LOGIN_SECONDS
from webapp.web.connection_tests import ownership

CIRCLE = "/connection-tests/circle"
NOW = datetime(2026, 11, 25, 17, 25, tzinfo=UTC)


@pytest.fixture
def office(certificates: Certificates) -> Iterator[PostOffice]:
    with PostOffice(certificates.server_context("ok")) as made:
        yield made


def set_clock(site: Site, now: datetime) -> None:
    site.set_clock(lambda: now)


def after_a_login_that_worked(site: Site) -> None:
    """Pass the login test; a quarter of an hour goes by for the counters."""
    set_clock(site, NOW)
    assert "Alles funktioniert" in site.page(site.log_in())
    set_clock(site, NOW + QUARTER + timedelta(seconds=1))


def send(site: Site, password: str = PASSWORD, **data: Any) -> TestResponse:
    return site.client.told(site.client.submit(site.client.get(CIRCLE), {"password": password, "consent": "y", **data}))


def text(page: TestResponse) -> str:
    return text_of(parse(page.text).find("body/main"))


@pytest.mark.parametrize("locale", ["de", "en"])
def test_closes_the_circle_and_says_that_the_mail_stays(make_site: MakeSite, office: PostOffice, locale: str) -> None:
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        page = site.page(send(site), locale)
        if locale == "de":
            assert "Die Prüf-E-Mail ist angekommenIhre Prüf-E-Mail ist gesendet und angekommen." in page
            assert "Die Prüf-E-Mail bleibt in Ihrem Postfach. Sie dürfen sie löschen." in page
            assert "Nachsehen, ob sie angekommen ist" in page
        else:
            assert "The test mail has arrivedYour test mail was sent and has arrived." in page
        assert office.attempts == (1 + 2, 1 + 1)
        assert not {"DELE", "RETR"} & set(office.verbs)


def test_is_offered_only_after_a_login_test_that_passed(make_site: MakeSite, office: PostOffice) -> None:
    with make_site(office=office) as site:
        assert CIRCLE not in site.client.get("/connection-tests").text
        page = site.client.get(CIRCLE)
        assert "Prüfen Sie zuerst die Anmeldung." in page.text
        assert 'name="password"' not in page.text
        form = site.client.get("/connection-tests")
        inputs = {i.get("name"): i.get("value") for i in parse(form.text).iter("input")}
        values = {name: inputs[name] for name in ("csrf_token", "run_id")} | {"password": PASSWORD, "consent": "y"}
        answer = site.client.post(CIRCLE, data=values)
        assert (answer.status_code, answer.location) == (303, "/connection-tests")
        assert office.attempts == (0, 0)


def test_a_refused_login_test_does_not_open_it(make_site: MakeSite, office: PostOffice) -> None:
    office.refuses = (1,)
    with make_site(office=office) as site:
        site.page(site.log_in())
        assert 'name="password"' not in site.client.get(CIRCLE).text


def test_the_login_that_worked_opens_it_for_an_hour(
    make_site: MakeSite, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        assert 'name="password"' in site.client.get(CIRCLE).text
        monkeypatch.setattr(ownership, "CIRCLE_AFTER_LOGIN_SECONDS", -1)
        assert CIRCLE_AFTER_LOGIN_SECONDS == 3600
        assert 'name="password"' not in site.client.get(CIRCLE).text


def test_names_the_numbers_before_it_asks_for_the_password(make_site: MakeSite, office: PostOffice) -> None:
    with make_site(office=office, seconds_between=20) as site:
        after_a_login_that_worked(site)
        page = text(site.client.get(CIRCLE))
        assert "einmal für den Versand und höchstens 3 Mal für den Empfang" in page
        assert "mindestens 20 Sekunden. Alles zusammen dauert höchstens 90 Sekunden." in page
        assert "Das zählt wie 3 Prüfungen der Anmeldung." in page
        assert "bleibt in Ihrem Postfach" in page


def test_nothing_is_sent_without_the_tick_or_the_password(make_site: MakeSite, office: PostOffice) -> None:
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        page = send(site, consent=None)
        assert (page.status_code, "Setzen Sie den Haken" in page.text) == (422, True)
        assert PASSWORD not in page.text
        page = send(site, password="")
        assert (page.status_code, "checked" in page.text) == (422, True)
        assert office.attempts == (1, 1)


def test_three_attempts_must_be_free_and_the_page_says_when_they_are(make_site: MakeSite, office: PostOffice) -> None:
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        form = site.client.get(CIRCLE)
        set_clock(site, NOW)
        told = "Deshalb machen wir vorher eine Pause. Ab 18:40 Uhr geht es weiter."
        assert told in text(site.client.get(CIRCLE))
        assert told in text(site.client.get("/connection-tests"))
        late = site.client.submit(form, {"password": PASSWORD, "consent": "y"})
        assert (late.status_code, "18:40 Uhr" in late.text) == (429, True)
        assert office.attempts == (1, 1)


def test_counts_as_three_attempts(make_site: MakeSite, office: PostOffice) -> None:
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        site.run(send(site))
        with site.app.app_context():
            assert limits.current().allowance(USER, "gmx.net").left == NUMBERS.login_tests_per_account - 3 == 0


def test_reload_back_and_a_second_click_send_nothing_more(make_site: MakeSite, office: PostOffice) -> None:
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        form = site.client.get(CIRCLE)
        first = site.client.submit(form, {"password": PASSWORD, "consent": "y"})
        second = site.client.submit(form, {"password": PASSWORD, "consent": "y"})
        assert second.location == first.location + "?again=1"
        site.run(first)
        again = site.client.submit(form, {"password": PASSWORD, "consent": "y"})
        assert "Wir haben uns nicht" in site.client.get(again.location).text
        assert office.attempts == (1 + 2, 1 + 1)


def test_what_is_not_found_is_not_proved_and_never_called_failed(make_site: MakeSite, office: PostOffice) -> None:
    office.delivers_at = None
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        page = site.page(send(site))
        assert "Nicht bewiesen: Sehen Sie im Spam-Ordner nach" in page
        assert "Anmeldung und Versand funktionieren." in page
        assert "fehlgeschlagen" not in page
        assert "bleibt in Ihrem Postfach" in page
        assert office.attempts == (1 + 3, 1 + 1)


def test_a_refusal_at_a_look_ends_it_and_is_counted(make_site: MakeSite, office: PostOffice) -> None:
    office.delivers_at, office.refuses = None, (3,)
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        page = site.page(send(site))
        assert "Nicht bewiesen: GMX ließ uns nicht nachsehen" in page
        assert "Am Passwort liegt es also kaum." in page
        assert "GMX hat die Anmeldung abgelehnt" not in page
        assert office.attempts == (1 + 2, 1 + 1)


def test_counts_down_in_words_and_can_be_cancelled(make_site: MakeSite, office: PostOffice) -> None:
    with make_site(office=office, seconds_between=20) as site:
        after_a_login_that_worked(site)
        answer = send(site)
        site.until(lambda: " ist unterwegs. Wir sehen in " in site.client.get(answer.location).text)
        client, cookie = FlaskClient(site.app), site.client.get_cookie("session")  # the part alone is no page
        assert cookie is not None
        client.set_cookie("session", cookie.value)
        part = client.get(f"{answer.location}/progress")
        assert "Sekunden nach." in part.text
        page = site.client.submit(site.client.get(answer.location), form="Prüfung abbrechen")
        assert site.run(answer).state is RunState.CANCELLED
        page = site.client.get(page.location)
        assert "Die Prüfung wurde abgebrochen" in text(page)
        assert "Die Prüf-E-Mail bleibt in Ihrem Postfach." in text(page)
        assert office.attempts == (1 + 1, 1 + 1)


def test_a_blank_at_the_end_is_asked_about(make_site: MakeSite, office: PostOffice) -> None:
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        question = send(site, f"{PASSWORD} ")
        assert "Leerzeichen" in question.text
        assert office.attempts == (1, 1)
        run = site.run(site.client.submit(question, form="Ohne Leerzeichen prüfen"))
        assert run.report.circle is not None
        assert run.report.circle.found


def test_who_comes_back_to_the_question_too_late_is_told_why_and_still_at_the_full_circle(
    make_site: MakeSite, office: PostOffice
) -> None:
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        question = send(site, f"{PASSWORD} ")
        site.engine.passwords.take(run_id_of(question))  # the minute is over
        again = site.client.get(question.request.full_path)
        assert again.headers["Location"] == "/connection-tests/circle"
        late = site.client.told(again)
        assert late.status_code == 422
        assert "Es ist mehr als eine Minute vergangen" in late.text


def test_one_that_waits_too_long_sends_nothing(
    make_site: MakeSite, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        store = type(site.worker._runner._passwords if site.worker else site.engine.passwords)
        monkeypatch.setattr(store, "take", lambda *_: None)  # its minute is over
        assert "kam nicht an die Reihe" in site.page(send(site))
        assert office.attempts == (1, 1)


def test_the_report_has_one_key_more_and_can_be_read_back(make_site: MakeSite, office: PostOffice) -> None:
    with make_site(office=office) as site:
        after_a_login_that_worked(site)
        run = site.run(send(site))
        shape = json.loads(site.client.get(f"/connection-tests/{run.id}/report.json").text)
        assert (shape["circle"]["sent"], shape["circle"]["found"]) == (True, True)
        assert [stage["stage"] for stage in shape["circle"]["stages"]] == ["data", "look", "look_again"]
        read = read_report(json.dumps(shape))
        assert read.circle == run.report.circle
        page = parse(site.client.get(f"/connection-tests/{run.id}").text)
        assert read_report("".join(page.find(".//pre").itertext())).circle == run.report.circle


def test_the_password_is_nowhere(make_site: MakeSite, office: PostOffice, everything: Any) -> None:  # noqa: F811
    office.answers = {".": f"550 no mail of {USER} with {PASSWORD}"}
    with make_site(office=office) as site:
        searched = everything(site)
        after_a_login_that_worked(site)
        answer = send(site)
        searched.while_it_runs()
        run = site.run(answer)
        searched.look_at(run.id)
        searched.search()
        assert run.state is RunState.FAILED
