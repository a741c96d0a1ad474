"""The flow as data, and the pages it leads through."""

from __future__ import annotations

import html
import itertools
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from webapp.wizard import forms
from webapp.wizard.answers import Answers
from webapp.wizard.steps import STEPS, Step, applicable, before, is_complete, path

FAKE = (
    Step("first", "First", forms.ReviewForm),
    Step("maybe", "Maybe", forms.ReviewForm, applies=lambda answers: bool(answers["first"].get("more"))),
    Step("stop", "Stop", forms.ReviewForm, stops=lambda answers: answers["stop"].get("risky") is True),
    Step("last", "Last", forms.ReviewForm),
)


def slugs(steps: tuple[Step, ...]) -> list[str]:
    return [step.slug for step in steps]


def test_the_path_ends_at_the_first_unanswered_step() -> None:
    assert slugs(path(Answers(), FAKE)) == ["first"]
    assert slugs(path(Answers({"first": {}}), FAKE)) == ["first", "stop"]
    assert slugs(path(Answers({"first": {"more": True}}), FAKE)) == ["first", "maybe"]


def test_an_answer_that_must_be_confirmed_holds_the_person_there() -> None:
    answers = Answers({"first": {}, "stop": {"risky": True}})
    assert slugs(path(answers, FAKE)) == ["first", "stop"]
    assert slugs(path(answers.confirmed("stop"), FAKE)) == ["first", "stop", "last"]


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "address": st.fixed_dictionaries(
            {"email_address": st.just("a@gmx.com"), "providers": st.just(["gmx.com", "gmx.net"]),
             "certainty": st.sampled_from(["certain", "ambiguous", "confirm"])}
        ),
        "platform": st.just({"provider": "gmx.net"}),
        "program": st.fixed_dictionaries(
            {"client": st.sampled_from(["outlook", "thunderbird", "unknown"]), "confirmed": st.booleans()}
        ),
        "outlook-profile": st.just({"profile": "new"}),
        "devices": st.fixed_dictionaries(
            {"devices": st.sampled_from(["one", "several", "unsure"]), "confirmed": st.booleans()}
        ),
        "retention": st.fixed_dictionaries(
            {"keep": st.sampled_from(["forever", "14", "delete"]), "confirmed": st.booleans()}
        ),
        "preparation": st.just({"done": [], "two_factor": ""}),
        "review": st.just({}),
    },
)  # fmt: skip


@given(ANSWERS)
def test_no_answers_lead_into_a_dead_end_and_back_undoes_next(given_answers: dict[str, Any]) -> None:
    answers = Answers(given_answers)
    open_steps = path(answers)
    assert open_steps
    assert open_steps[0] is STEPS[0]
    for step, following in itertools.pairwise(open_steps):
        assert before(following, answers) is step
    assert is_complete(answers) == all(step.is_answered(answers) for step in applicable(answers))


PLAIN = (
    ("address", {"email_address": " Anna@GMX.de "}),
    ("program", {"program": "thunderbird"}),
    ("devices", {"devices": "one"}),
    ("retention", {"keep": "14"}),
    ("preparation", {}),
    ("review", {}),
)


def token(page: str) -> str:
    match = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert match
    return match[1]


def post(client: FlaskClient, slug: str, values: dict[str, str]) -> Any:
    url = f"/setup/{slug}"
    return client.post(url, data={**values, "csrf_token": token(client.get(url).get_data(as_text=True))})


def walk(client: FlaskClient, *answers: tuple[str, dict[str, str]]) -> str:
    """Answer the steps; return where the last one leads."""
    location = ""
    for slug, values in answers:
        response = post(client, slug, values)
        assert response.status_code == 303, (slug, response.get_data(as_text=True))
        location = response.headers["Location"]
    return location


@pytest.mark.parametrize("locale", ["de", "en"])
def test_the_plain_way_leads_to_the_file(client: FlaskClient, locale: str) -> None:
    client.get(f"/?lang={locale}")
    assert walk(client, *PLAIN) == "/connection-tests"
    assert client.get("/connection-tests").status_code == 200
    page = client.get("/finish").get_data(as_text=True)
    assert "pop.gmx.net" in page
    link = re.search(r'href="(/finish/[^"]+)"', page)
    assert link
    made = client.get(link[1])
    assert made.headers["Content-Disposition"] == "attachment; filename=gmx-pop-thunderbird.zip"
    assert made.mimetype == "application/zip"
    assert made.get_data() == client.get(link[1]).get_data()


def test_sends_an_early_visitor_to_the_first_unanswered_step(client: FlaskClient) -> None:
    assert client.get("/setup/review").headers["Location"] == "/setup/address"
    assert client.get("/finish").headers["Location"] == "/setup/address"
    assert client.get("/connection-tests").headers["Location"] == "/setup/address"
    assert client.get("/setup/no-such-step").status_code == 404


@pytest.mark.parametrize(
    "program",
    ["outlook", "apple-mail:iphone", "apple-mail:mac", "thunderbird-android", "outlook-new", "outlook-mac",
     "outlook-mobile", "other"],
)  # fmt: skip
def test_every_program_has_a_last_page(client: FlaskClient, program: str) -> None:
    profile = [("outlook-profile", {"profile": "new"})] if program == "outlook" else []
    walk(client, PLAIN[0], ("program", {"program": program}), *profile, *PLAIN[2:])
    page = client.get("/finish")
    assert page.status_code == 200
    for link in re.findall(r'href="(/finish/[^"]+)"', page.get_data(as_text=True)):
        assert client.get(link).status_code == 200


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("anna@gmx.d", "anna@gmx.de"),
        ("anna@web.de", "WEB.DE"),
        ("anna@example.org", "example.org"),
    ],
)
def test_other_addresses_get_a_page_that_says_what_to_do(client: FlaskClient, typed: str, words: str) -> None:
    response = post(client, "address", {"email_address": typed})
    assert response.status_code == 200
    assert words in response.get_data(as_text=True)
    assert client.get("/setup/program").headers["Location"] == "/setup/address"


def test_gmx_com_is_asked_for_its_site(client: FlaskClient) -> None:
    assert walk(client, ("address", {"email_address": "anna@gmx.com"})) == "/setup/platform"
    assert walk(client, ("platform", {"provider": "gmx.net"})) == "/setup/program"


@pytest.mark.parametrize(
    ("slug", "values"), [("address", {"email_address": "anna"}), ("address", {"email_address": ""})]
)
def test_a_wrong_answer_keeps_what_was_typed(client: FlaskClient, slug: str, values: dict[str, str]) -> None:
    response = post(client, slug, values)
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "<title>Fehler: " in page
    assert 'role="alert"' in page
    assert f'value="{values["email_address"]}"' in page


def test_nothing_chosen_is_told(client: FlaskClient) -> None:
    walk(client, PLAIN[0])
    response = post(client, "program", {})
    assert response.status_code == 422
    assert "Wählen Sie eine der Antworten aus" in html.unescape(response.get_data(as_text=True))


def test_deleting_with_several_devices_must_be_confirmed(client: FlaskClient) -> None:
    walk(client, *PLAIN[:2], ("devices", {"devices": "several"}))
    assert "IMAP" in client.get("/setup/devices").get_data(as_text=True)
    walk(client, ("devices", {"confirm": "1"}), ("retention", {"keep": "delete"}))
    assert client.get("/setup/preparation").headers["Location"] == "/setup/retention"
    assert walk(client, ("retention", {"confirm": "1"})) == "/setup/preparation"


def test_a_change_from_the_summary_leads_back_to_it(client: FlaskClient) -> None:
    walk(client, *PLAIN)
    page = client.get("/setup/program?from=review&again=1").get_data(as_text=True)
    response = client.post("/setup/program?from=review", data={"program": "other", "csrf_token": token(page)})
    assert response.headers["Location"] == "/setup/review"


def test_deleting_forgets_everything(client: FlaskClient) -> None:
    walk(client, *PLAIN)
    page = client.get("/finish").get_data(as_text=True)
    response = client.post("/delete", data={"csrf_token": token(page)})
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/deleted").status_code == 200
    assert client.get("/finish").headers["Location"] == "/setup/address"
