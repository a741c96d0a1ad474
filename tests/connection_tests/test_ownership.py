"""Whose a test is: of one session, one address, one platform."""

from __future__ import annotations

import json
import re

import pytest
from werkzeug.test import TestResponse

from tests.connection_tests.conftest import LOGIN, PASSWORD, PLAIN_ANSWERS, MakeSite, Site
from tests.connection_tests.test_views import COM, COM_ANSWERS, buttons, run_id_of, site
from tests.support.client import PageLintingClient, parse, text_of
from tests.support.fault_server import read
from tests.support.limits import NUMBERS
from tests.web.wizard.walk import GUIDE
from webapp.core.probe import RunState
from webapp.infrastructure import limits

__all__ = ["site"]


def test_a_stranger_who_knows_a_run_gets_nothing_of_it(site: Site) -> None:
    """The id of a run stands in the address of its page, which people send around."""
    run = site.run(site.log_in())
    stranger = site.app.test_client()
    assert isinstance(stranger, PageLintingClient)
    site.answer(stranger)
    for form in (0, 1):
        claim = stranger.submit(stranger.get("/connection-tests"), {"run_id": run.id, "password": "x"}, form=form)
        assert claim.status_code == 400
    page = stranger.get("/connection-tests")
    for path in ("", "/progress", "/report.json"):
        assert stranger.get(f"/connection-tests/{run.id}{path}").status_code == 404
    for path in ("/cancel", "/platform"):
        refused = stranger.post(f"/connection-tests/{run.id}{path}", data={"csrf_token": token_of(page)})
        assert refused.status_code == 404
    assert site.attempts == (1, 1)


def token_of(page: TestResponse) -> str:
    return next(f.attrib["value"] for f in parse(page.text).iter("input") if f.get("name") == "csrf_token")


def test_a_stranger_cannot_use_a_password_while_its_blank_is_asked_about(site: Site) -> None:
    question = site.log_in(f"{PASSWORD} ")
    stranger = site.app.test_client()
    assert isinstance(stranger, PageLintingClient)
    site.answer(stranger, address={**PLAIN_ANSWERS["address"], "email_address": "bob@gmx.de"})
    taken = stranger.submit(
        stranger.get("/connection-tests"), {"run_id": run_id_of(question), "blanks": "keep"}, form=LOGIN
    )
    assert taken.status_code == 400
    assert site.engine.passwords.seconds_left(run_id_of(question)) > 0
    assert site.attempts == (0, 0)


@pytest.mark.parametrize("asked", [False, True], ids=["form", "question"])
def test_a_page_left_open_sends_no_password_for_another_address(site: Site, asked: bool) -> None:
    """Two people at one computer: the form says anna, the answers have become bob's."""
    page = site.log_in(f"{PASSWORD} ") if asked else site.client.get("/connection-tests")
    site.answer(address={**PLAIN_ANSWERS["address"], "email_address": "bob@gmx.de"})
    old = site.client.submit(page, {} if asked else {"password": PASSWORD}, form=0 if asked else LOGIN)
    assert old.status_code == 400
    assert "Die Seite war zu lange offen" in old.text
    assert site.attempts == (0, 0)


@pytest.mark.parametrize("run_id", ["", "x" * 32, "check-" + "x" * 26, "../" * 10, "ä" * 32, "x" * 5000])
def test_a_run_id_that_we_did_not_give_out_is_refused(site: Site, run_id: str) -> None:
    form = site.client.get("/connection-tests")
    for number in (0, 1):
        answer = site.client.submit(form, {"run_id": run_id, "password": PASSWORD}, form=number)
        assert answer.status_code == 400
    assert site.attempts == (0, 0)


def test_everybody_sees_the_same_check(make_site: MakeSite) -> None:
    with make_site("pop3-good-without-login", "smtp-good-without-login") as site:
        other = site.app.test_client()
        assert isinstance(other, PageLintingClient)
        site.answer(other, address={**PLAIN_ANSWERS["address"], "email_address": "bert@gmx.de"})
        first, second = site.check(), site.check(other)
        run = site.run(first)
        assert site.run(second).report.reference == run.report.reference
        page = other.get(second.location).text
        assert re.search(r"Gerade eben geprüft\.|Vor \d+ Sekunden? geprüft\.", page)
        assert "GMX antwortet" in page
        assert "Ihr Passwort wurde nicht gesendet" in page
        assert other.get(first.location).status_code == 404
        report = json.loads(other.get(f"{second.location}/report.json").text)
        assert report["address"] == "b…t@gmx.de"
        assert (site.pop3.connections, site.smtp.connections) == (1, 1)


def test_a_result_is_its_own_sessions_alone(site: Site) -> None:
    run = site.run(site.log_in())
    stranger = site.app.test_client()
    assert isinstance(stranger, PageLintingClient)
    site.answer(stranger)
    token = next(
        f.get("value")
        for f in parse(stranger.get("/connection-tests").text).iter("input")
        if f.get("name") == "csrf_token"
    )
    for path in ("", "/progress", "/report.json"):
        assert stranger.get(f"/connection-tests/{run.id}{path}").status_code == 404
    for path in ("cancel", "platform"):
        assert stranger.post(f"/connection-tests/{run.id}/{path}", data={"csrf_token": token}).status_code == 404


def test_the_other_platform_is_offered_once_and_taken_over_by_a_press(make_site: MakeSite) -> None:
    with make_site("pop3-auth-code-auth") as site:
        site.answer(**COM_ANSWERS)
        answer = site.log_in()
        site.run(answer)
        page = site.client.get(answer.location)
        assert "Mit www.gmx.net versuchen" in buttons(page.text)
        assert site.attempts == (1, 0)  # never by itself
        site.pop3.dialogue = read("pop3-good")
        site.pop3.values["{user}"] = site.smtp.values["{user}"] = COM
        other = site.client.submit(page, {"password": PASSWORD}, form="Mit www.gmx.net versuchen")
        run = site.run(other)
        assert (run.report.provider, run.state) == ("gmx.net", RunState.PASSED)
        result = site.client.get(other.location)
        assert "Ihr Postfach liegt bei www.gmx.net" in result.text
        with site.client.session_transaction() as session:
            assert session["answers"]["platform"] == {"provider": "gmx.com"}
        taken = site.client.submit(result, form="Meine Einstellungen auf www.gmx.net umstellen")
        assert taken.location == GUIDE
        with site.client.session_transaction() as session:
            assert session["answers"]["platform"] == {"provider": "gmx.net"}


def test_the_other_platform_is_not_offered_twice_or_to_others(make_site: MakeSite) -> None:
    with make_site("pop3-auth-code-auth") as site:
        site.answer(**COM_ANSWERS)
        answer = site.log_in()
        site.run(answer)
        page = site.client.get(answer.location)
        other = site.client.submit(page, {"password": PASSWORD}, form="Mit www.gmx.net versuchen")
        site.run(other)
        for location in (answer.location, other.location):
            assert not [text for text in buttons(site.client.get(location).text) if "versuchen" in text]
        with site.app.app_context():
            assert limits.current().allowance(COM, "gmx.com").left == NUMBERS.login_tests_per_account - 2
        site.answer()
        form = site.client.get("/connection-tests")
        refused = site.client.submit(form, {"password": PASSWORD, "provider": "gmx.com"}, form=LOGIN)
        assert refused.status_code == 400
        assert site.attempts == (2, 0)


def test_a_result_stays_that_of_the_address_it_was_made_for(make_site: MakeSite) -> None:
    with make_site() as site:
        answer = site.log_in()
        run = site.run(answer)
        site.answer(**COM_ANSWERS)
        report = json.loads(site.client.get(f"{answer.location}/report.json").text)
        assert report["address"] == "a…a@gmx.de"
        page = site.client.get(answer.location).text
        assert "umstellen" not in page  # gmx.net is the other platform of the address that stands there now
        form = site.client.get("/connection-tests").text
        token = next(f.get("value") for f in parse(form).iter("input") if f.get("name") == "csrf_token")
        refused = site.client.post(f"/connection-tests/{run.id}/platform", data={"csrf_token": token})
        assert refused.status_code == 400
        with site.client.session_transaction() as session:
            assert session["answers"]["platform"] == {"provider": "gmx.com"}
            session["answers"] = {slug: given for slug, given in session["answers"].items() if slug != "program"}
        assert site.client.get(answer.location).location == "/setup/program"  # an answer is missing now


def test_after_a_test_the_guide_goes_on_where_the_person_was(make_site: MakeSite) -> None:
    with make_site() as site:
        program, preparation = {"client": "outlook", "device": "windows"}, {"two_factor": "no"}
        site.answer(program=program, preparation=preparation)
        site.client.get("/guide/mail")
        ended = site.run(site.log_in())
        links = parse(site.client.get(f"/connection-tests/{ended.id}").text).iter("a")
        assert "/guide/mail" in [link.get("href") for link in links if text_of(link) == "Zurück zur Anleitung"]
