"""Every page and state of the wizard, fetched with the client that looks each one over."""

from __future__ import annotations

import html
import json
import re

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.client import PageLintingClient, parse, text_of
from tests.wizard.walk import PLAIN, SEVERAL, STAYING, answer, follow, walk
from webapp import clients, events
from webapp.clients import CLIENTS
from webapp.clients.guides import Guide
from webapp.config import DEVICES_MAX, SESSION_BYTES_MAX
from webapp.systems import SYSTEMS
from webapp.wizard import programs
from webapp.wizard.answers import SESSION_KEY

OPTIONS = [option for _, options in programs.groups() for option in options if not option.client.ended]
LIVING = sorted(client.id for client in CLIENTS.values() if not client.ended)
IMAP_ONLY = {"gmail-app", "outlook-mobile", "spark"}
IPHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"}


@pytest.fixture(params=["de", "en"])
def locale(request: pytest.FixtureRequest, client: PageLintingClient) -> str:
    client.get(f"/?lang={request.param}")
    return str(request.param)


def kept(client: PageLintingClient) -> dict[str, dict[str, object]]:
    with client.session_transaction() as session:
        found: dict[str, dict[str, object]] = session.get(SESSION_KEY, {})
        return found


def token_of(page: str) -> str:
    return next(f.get("value", "") for f in parse(page).iter("input") if f.get("name") == "csrf_token")


def offered(page: str) -> list[str]:
    """Return what the page lets a person choose to stay at GMX; an only choice stands in a hidden field."""
    return [field.get("value", "") for field in parse(page).iter("input") if field.get("name") == "keep"]


def test_the_plain_way_leads_to_the_file(client: PageLintingClient, locale: str) -> None:
    assert walk(client, *PLAIN) == "/connection-tests"
    page = client.get("/finish").text
    assert "pop.gmx.net" in page
    link = re.search(r'href="(/finish/[^"]+)"', page)
    assert link
    made = client.get(link[1])
    assert made.headers["Content-Disposition"] == "attachment; filename=gmx-pop-thunderbird.zip"
    assert made.mimetype == "application/zip"
    assert made.get_data() == client.get(link[1]).get_data()


def test_sends_an_early_visitor_to_the_first_unanswered_step(client: PageLintingClient) -> None:
    assert client.get("/setup/review").headers["Location"] == "/setup/address"
    assert client.get("/finish").headers["Location"] == "/setup/address"
    assert client.get("/finish/gmx-pop.txt").status_code == 404
    assert client.get("/setup/no-such-step").status_code == 404


def test_sends_a_late_visitor_to_the_first_unanswered_step(client: PageLintingClient) -> None:
    walk(client, *PLAIN[:3])
    assert client.get("/setup/review").headers["Location"] == "/setup/retention"


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.value)
def test_every_program_on_every_system_has_a_last_page(client: PageLintingClient, option: programs.Option) -> None:
    profile = [("outlook-profile", {"profile": "new"})] if option.client.id == "outlook" else []
    walk(client, PLAIN[0], ("program", {"program": option.value}), *profile, *STAYING[2:])
    page = client.get("/finish")
    assert page.status_code == 200
    for link in re.findall(r'href="(/finish/[^"]+)"', page.text):
        assert client.get(html.unescape(link)).status_code == 200


def test_a_program_added_to_the_registry_is_offered_by_itself(
    client: PageLintingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = Guide("some-mailer", "Some Mailer", "linux", "android")
    monkeypatch.setattr(clients, "CLIENTS", {**CLIENTS, added.id: added})
    monkeypatch.setattr("webapp.systems.CLIENTS", clients.CLIENTS)
    monkeypatch.setattr("webapp.wizard.programs.CLIENTS", clients.CLIENTS)
    walk(client, PLAIN[0])
    root = parse(client.get("/setup/program").text)
    values = {field.get("value") for field in root.iter("input") if field.get("name") == "program"}
    assert {"some-mailer:linux", "some-mailer:android"} <= values
    assert "some-mailer:windows" not in values


def test_the_visitors_own_system_comes_first_and_nothing_is_chosen(client: PageLintingClient) -> None:
    walk(client, PLAIN[0])
    for agent, first in ((IPHONE["User-Agent"], "iPhone oder iPad"), ("", "Windows"), ("X11; Linux", "Linux")):
        root = parse(client.get("/setup/program", headers={"User-Agent": agent}).text)
        groups = [group for group in root.iter("details") if group.get("class") == "group"]
        assert next(text_of(group.find("summary")) for group in groups) == first
        assert ["open" in group.attrib for group in groups] == [True, False, False, False, False]
        assert not [field for field in root.iter("input") if "checked" in field.attrib]


def test_who_does_not_know_the_program_is_shown_how_to_find_out(client: PageLintingClient, locale: str) -> None:
    walk(client, PLAIN[0])
    page = follow(client, answer(client, "program", {"program": "unknown"}))
    assert page.request.path == "/setup/program"
    assert "Thunderbird" in page.text
    assert client.submit(page).headers["Location"] == "/setup/devices"
    assert walk(client, *PLAIN[2:]) == "/connection-tests"
    assert client.get("/finish").status_code == 200


@pytest.mark.parametrize("instead", ["thunderbird", "outlook-new"])
def test_a_program_that_is_no_more_leads_to_another_at_once(
    client: PageLintingClient, instead: str, locale: str
) -> None:
    walk(client, PLAIN[0])
    page = follow(client, answer(client, "program", {"program": "windows-mail:windows"}))
    assert page.request.path == "/setup/program"
    assert "Windows Mail" in page.text
    for url in ("/setup/devices", "/setup/review", "/finish", "/connection-tests"):
        assert client.get(url).status_code == 303
    again = client.submit(page, {"confirm": "1"})  # nothing leads past it
    assert client.get("/setup/devices").status_code == 303, again.headers["Location"]
    assert f'value="{instead}:windows"' in page.text
    assert client.submit(page, {"program": f"{instead}:windows"}).headers["Location"] == "/setup/devices"
    assert walk(client, *STAYING[2:]) == "/connection-tests"
    assert client.get("/finish").status_code == 200


def test_a_program_that_is_no_more_is_refused_for_another_device(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN[:2], *SEVERAL[:2])
    page = answer(client, "devices", {"program-1": "windows-mail:windows", "name-1": "Altes Notebook"})
    assert page.status_code == 422
    assert ("gibt es nicht mehr" if locale == "de" else "is no more") in page.text
    assert "Altes Notebook" in page.text


@pytest.mark.parametrize(("program", "imap"), [("gmail-app:android", True), ("thunderbird:windows", False)])
def test_the_switch_at_gmx_is_named_as_the_program_needs_it(
    client: PageLintingClient, program: str, imap: bool, locale: str
) -> None:
    walk(client, PLAIN[0], ("program", {"program": program}), *STAYING[2:4])
    page = client.get("/setup/preparation").text
    on = "IMAP einschalten" if locale == "de" else "Switch IMAP on"
    assert (on in page) == imap
    assert ("POP3 einschalten" in page or "Switch POP3 on" in page) != imap
    assert ("In German:" in page) == (locale == "en")  # the words of a German site
    walk(client, ("preparation", {}))
    review = client.get("/setup/review").text
    assert ("Ohne IMAP" in review or "IMAP is not ticked" in review) == imap
    assert ("Ohne POP3" in review or "POP3 is not ticked" in review) != imap


@pytest.mark.parametrize(("program", "choice"), [("gmail-app:android", False), ("thunderbird:windows", True)])
def test_a_plan_offers_another_time_only_where_there_is_one(
    client: PageLintingClient, program: str, choice: bool
) -> None:
    walk(client, PLAIN[0], ("program", {"program": program}), *SEVERAL[:2], ("devices", {"program-1": "spark:iphone"}))
    page = follow(client, answer(client, "retention", {"keep": "forever"}))
    assert ("Andere Dauer wählen" in page.text) == choice


@pytest.mark.parametrize("typed", ["gmx.d", "gmx.comm", "gmx.dee", "gnx.de", "gmxnet", "gmx,de", "gmx.nett"])
def test_a_typing_mistake_is_put_right_with_one_press(client: PageLintingClient, typed: str, locale: str) -> None:
    page = answer(client, "address", {"email_address": f"anna@{typed}", "name": "Anna B"})
    if page.status_code == 422:  # no address at all
        assert f'value="anna@{typed}"' in page.text
        return
    page = follow(client, page)
    assert f"anna@{typed}" in page.text
    assert client.submit(page).status_code == 303
    address = kept(client)["address"]
    assert str(address["email_address"]).startswith("anna@gmx.")
    assert address["certainty"] in ("certain", "ambiguous")
    assert address["name"] == "Anna B"


def test_who_says_that_the_address_is_right_is_believed(client: PageLintingClient) -> None:
    page = follow(client, answer(client, "address", {"email_address": "anna@gmc.de", "name": "Anna"}))
    page = follow(client, client.submit(page, form="Nein, meine Adresse ist richtig geschrieben"))
    assert "Diese Hilfe ist nur für GMX" in page.text
    assert 'value="anna@gmc.de"' in client.get("/setup/address?again=1").text


@pytest.mark.parametrize(
    ("typed", "words"), [("anna@web.de", "WEB.DE"), ("anna@gmail.com", "Gmail"), ("anna@example.org", "example.org")]
)
def test_other_addresses_get_a_page_that_says_what_to_do(
    client: PageLintingClient, typed: str, words: str, locale: str
) -> None:
    page = follow(client, answer(client, "address", {"email_address": typed, "name": "Anna Kern"}))
    assert words in page.text
    assert client.get("/setup/program").headers["Location"] == "/setup/address"
    again = client.get("/setup/address?again=1").text
    assert f'value="{typed}"' in again
    assert 'value="Anna Kern"' in again


def test_another_brand_cannot_be_talked_into_gmx(client: PageLintingClient) -> None:
    page = follow(client, answer(client, "address", {"email_address": "anna@web.de"}))
    assert client.submit(page, {"confirm": "1"}).status_code == 400
    assert client.get("/setup/program").headers["Location"] == "/setup/address"


def test_an_unknown_domain_may_be_at_gmx_all_the_same(client: PageLintingClient) -> None:
    page = follow(client, answer(client, "address", {"email_address": "anna@example.org"}))
    page = follow(client, client.submit(page))
    assert page.request.path == "/setup/platform"
    assert walk(client, ("platform", {"provider": "gmx.net"}), *PLAIN[1:]) == "/connection-tests"
    assert "anna@example.org" in client.get("/finish").text


def test_gmx_com_is_asked_for_its_site(client: PageLintingClient, locale: str) -> None:
    assert walk(client, ("address", {"email_address": "anna@gmx.com"})) == "/setup/platform"
    page = client.get("/setup/platform").text
    assert 'value="none"' not in page
    assert walk(client, ("platform", {"provider": "gmx.net"})) == "/setup/program"


def test_an_old_domain_is_to_be_confirmed(client: PageLintingClient, locale: str) -> None:
    walk(client, ("address", {"email_address": "anna@turboprinz.de"}))
    page = client.get("/setup/platform")
    assert ("Ist das eine Adresse von GMX?" if locale == "de" else "Is this a GMX address?") in page.text
    stopped = follow(client, client.submit(page, {"provider": "none"}))
    assert "turboprinz" in stopped.text
    assert client.get("/setup/program").headers["Location"] == "/setup/platform"
    again = client.get("/setup/platform?again=1")
    assert client.submit(again, {"provider": "gmx.net"}).headers["Location"] == "/setup/program"


@pytest.mark.parametrize(
    ("slug", "values"), [("address", {"email_address": "anna"}), ("address", {"email_address": ""}),
                         ("address", {"email_address": "anna@gmx.de", "name": "x" * 70})]
)  # fmt: skip
def test_a_wrong_answer_keeps_what_was_typed(
    client: PageLintingClient, slug: str, values: dict[str, str], locale: str
) -> None:
    response = answer(client, slug, values)
    assert response.status_code == 422
    assert "<title>Fehler: " in response.text or "<title>Error: " in response.text
    assert 'role="alert"' in response.text
    for value in values.values():
        assert f'value="{value}"' in response.text


def test_nothing_chosen_is_told_on_every_question(client: PageLintingClient, locale: str) -> None:
    words = "Wählen Sie eine der Antworten aus" if locale == "de" else "Choose one of the answers"
    for slug, values in (
        ("platform", {"provider": "gmx.com"}), ("program", {"program": "outlook:windows"}),
        ("outlook-profile", {"profile": "new"}), *PLAIN[2:4],
    ):  # fmt: skip
        if slug == "platform":
            walk(client, ("address", {"email_address": "anna@gmx.com"}))
        response = answer(client, slug, {})
        assert response.status_code == 422
        assert words in html.unescape(response.text)
        walk(client, (slug, values))


def test_the_number_of_the_step_is_shown_once_it_is_sure(client: PageLintingClient) -> None:
    assert "Schritt" not in client.get("/setup/address").text
    walk(client, PLAIN[0])
    assert "Schritt" not in client.get("/setup/program").text
    walk(client, PLAIN[1])
    assert "Schritt 3 von 6" in client.get("/setup/devices").text


@pytest.mark.parametrize(
    ("values", "keep"),
    [({"keep": "forever"}, "forever"), ({"keep": "30"}, "30"), ({"keep": "days", "days": " 45 "}, "45"),
     ({"days": "7"}, "7"), ({"keep": "delete"}, "delete"), ({"keep": "forever", "days": "abc"}, "forever")],
)  # fmt: skip
def test_what_stays_is_for_ever_days_or_nothing(client: PageLintingClient, values: dict[str, str], keep: str) -> None:
    walk(client, *PLAIN[:3])
    assert walk(client, ("retention", values)) == "/setup/preparation"
    assert kept(client)["retention"]["keep"] == keep
    page = client.get("/setup/retention").text
    assert "checked" in page
    if values.get("keep") == "days":
        assert 'value="45"' in page


@pytest.mark.parametrize("days", ["", "0", "100", "-3", "drei", "1.5", "9" * 5000])
def test_a_number_of_days_of_no_use_is_told(client: PageLintingClient, days: str, locale: str) -> None:
    walk(client, *PLAIN[:3])
    response = answer(client, "retention", {"keep": "days", "days": days})
    assert response.status_code == 422
    assert "99" in response.text
    assert 'id="days-error"' in response.text


@pytest.mark.parametrize(
    ("program", "choices", "words"),
    [
        ("thunderbird:windows", ["forever", "30", "14", "days", "delete"], ["Our file sets this for you."]),
        ("outlook:windows", ["forever", "30", "14", "days", "delete"], ["Our file sets this for you."]),
        ("getmail:linux", ["forever", "30", "14", "days", "delete"], ["Our file sets this for you."]),
        ("fetchmail:linux", ["forever", "delete"], ["Our file sets", "Your program cannot delete at GMX after some days."]),
        ("apple-mail:mac", ["forever", "30", "7", "delete"],
         ["in your program yourself", "Account Information", "after about 7 days without asking", "such as 14"]),
        ("apple-mail:iphone", ["forever", "7"],
         ["Your program does this by itself.", "Delete from server", "such as 14", "right after fetching"]),
        ("other:windows", ["forever", "30", "14", "days", "delete"], ["in your program yourself", "can count days", "The last page says how to set this."]),
        ("em-client:windows", ["forever", "30", "14", "days", "delete"], ["in your program yourself", "can count days", "your account › POP3"]),
        ("outlook-new:windows", ["forever", "30", "14", "days", "delete"], ["if it can do so"]),
        ("thunderbird-android:android", ["forever"], ["Our file sets that everything stays", "we know no setting"]),
        ("samsung-email:android", ["forever"], ["Set in your program that everything stays", "The last page says how to set this."]),
        ("bluemail:linux", ["forever"], ["leaves everything at GMX by itself", "Delete Messages on Server"]),
        ("gmail-app:android", ["forever"], ["With IMAP your mail lies at GMX"]),
        ("msmtp:linux", ["forever"], ["Your program only sends."]),
    ],
)  # fmt: skip
def test_offers_what_can_come_true_and_says_who_sets_it(
    client: PageLintingClient, program: str, choices: list[str], words: list[str]
) -> None:
    client.get("/?lang=en")
    profile = [("outlook-profile", {"profile": "new"})] if program.startswith("outlook:") else []
    walk(client, PLAIN[0], ("program", {"program": program}), *profile, PLAIN[2])
    page = client.get("/setup/retention")
    assert offered(page.text) == choices
    text = text_of(parse(page.text).find("body"))
    for word in words:
        assert word in text.replace("\N{NO-BREAK SPACE}", " ")
    assert ("file sets" in text) == any("file sets" in word for word in words)
    for word in ("if it can do so", "can count days", "The last page says how to set this."):
        assert (word in text) == (word in words)


@pytest.mark.parametrize("keep", ["forever", "30", "14", "7", "days", "delete"])
@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.value)
def test_nothing_else_than_what_is_offered_is_taken(
    client: PageLintingClient, option: programs.Option, keep: str
) -> None:
    profile = [("outlook-profile", {"profile": "new"})] if option.client.id == "outlook" else []
    walk(client, PLAIN[0], ("program", {"program": option.value}), *profile, PLAIN[2])
    page = client.get("/setup/retention")
    taken = client.submit(page, {"keep": keep, "days": "45"}).status_code == 303
    assert taken == (keep in offered(page.text))


def test_a_choice_that_the_next_program_cannot_keep_is_asked_again(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN)
    page = client.get("/setup/program?from=review&again=1")
    response = client.submit(page, {"program": "fetchmail:linux"})
    assert response.headers["Location"] == "/setup/retention?from=review"
    for url in ("/finish", "/finish?device=1", "/setup/review", "/setup/preparation", "/setup/retention?page=plan"):
        assert client.get(url).status_code in (200, 303)
    assert client.get("/finish").headers["Location"] == "/setup/retention"
    assert client.get("/finish/fetchmailrc").status_code == 404
    assert client.get("/connection-tests").status_code == 303
    page = follow(client, response)
    words = "Was Sie vorher gewählt hatten" if locale == "de" else "What you chose before"
    assert words in page.text
    assert "checked" not in page.text
    assert client.post("/setup/retention", data={"confirm": "1", "csrf_token": token_of(page.text)}).status_code == 422
    assert client.submit(page, {"keep": "delete"}).headers["Location"] == "/setup/review"
    assert client.get("/finish").status_code == 200


def test_days_are_offered_for_several_devices_where_one_file_can_clear(client: PageLintingClient) -> None:
    walk(client, PLAIN[0], ("program", {"program": "apple-mail:iphone"}), *SEVERAL[:2])
    walk(client, ("devices", {"program-1": "fetchmail:linux"}))
    page = client.get("/setup/retention")
    assert offered(page.text) == ["forever"]
    assert "Keines Ihrer Programme" in page.text
    walk(client, ("retention", {}), ("retention", {}))
    page = client.get("/setup/devices?page=list")
    client.submit(page, {"program-1": "thunderbird:linux", "list": "next"})
    assert offered(client.get("/setup/retention?again=1").text) == ["forever", "30", "14", "days"]
    walk_page = client.get("/setup/retention?again=1")
    page = follow(client, client.submit(walk_page, {"keep": "14"}))
    client.submit(page)
    page = client.get("/setup/devices?page=list")
    assert client.submit(page, {"program-1": "fetchmail:linux", "list": "next"}).status_code == 303
    assert client.get("/finish").headers["Location"] == "/setup/retention"


def test_the_plan_says_where_mail_is_kept_by_hand(client: PageLintingClient) -> None:
    walk(client, *PLAIN[:2], *SEVERAL[:2], ("devices", {"program-1": "apple-mail:mac"}), SEVERAL[3])
    plan = text_of(parse(client.get("/setup/retention?lang=en").text).find("body")).replace("\N{NO-BREAK SPACE}", " ")
    assert "Mail › Settings… › Accounts › GMX › Account Information" in plan


def test_deleting_while_unsure_of_the_devices_must_be_confirmed(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN[:2], ("devices", {"devices": "unsure"}))
    page = follow(client, answer(client, "retention", {"keep": "delete"}))
    assert client.get("/setup/preparation").headers["Location"] == "/setup/retention"
    assert client.submit(page, {"confirm": "1"}).headers["Location"] == "/setup/preparation"
    assert kept(client)["retention"]["keep"] == "delete"
    assert client.submit(page, {"keep": "forever"}).headers["Location"] == "/setup/preparation"
    assert kept(client)["retention"]["keep"] == "forever"


def test_several_devices_get_a_plan_and_a_file_each(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN[:2])
    page = follow(client, answer(client, "devices", {"devices": "several"}))
    assert "imap.gmx.net" in page.text
    page = follow(client, client.submit(page))
    page = client.submit(page, {"program-1": "apple-mail:iphone", "name-1": "Annas iPhone", "list": "add"})
    page = follow(client, page)
    assert 'value="Annas iPhone"' in page.text
    page = follow(client, client.submit(page, {"program-2": "thunderbird:linux", "list": "next"}))
    page = follow(client, client.submit(page, {"keep": "30"}))
    assert "Annas iPhone" in page.text
    assert "<svg" in page.text
    assert 'role="img"' in page.text
    page = follow(client, client.submit(page))
    assert page.request.path == "/setup/preparation"
    walk(client, *PLAIN[4:])
    names = set()
    for number in "123":
        page = client.get(f"/finish?device={number}")
        links = [html.unescape(link) for link in re.findall(r'href="(/finish/[^"]+)"', page.text)]
        assert links
        names.add(links[0])
        assert client.get(links[0]).status_code == 200
    assert len(names) == 3
    assert client.get("/finish?device=4").status_code == 404
    assert client.get("/finish?device=no").status_code == 404


def test_only_the_clearing_device_gets_the_days_in_its_file(client: PageLintingClient) -> None:
    walk(client, *PLAIN[:2], *SEVERAL[:2], ("devices", {"program-1": "thunderbird:linux"}), *SEVERAL[3:], *PLAIN[4:])
    files = [
        client.get("/finish/gmx-pop-thunderbird.zip").get_data(),
        client.get("/finish/gmx-pop-thunderbird-2.zip").get_data(),
    ]
    import io
    import zipfile

    clear, leave = (zipfile.ZipFile(io.BytesIO(data)).read("GMX-Thunderbird/prefs.js").decode() for data in files)
    assert 'delete_by_age_from_server", true' in clear
    assert 'num_days_to_leave_on_server", 30' in clear
    assert 'delete_by_age_from_server", false' in leave
    assert 'leave_on_server", true' in leave


def test_the_list_of_devices_grows_and_shrinks_by_its_buttons(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN[:2], *SEVERAL[:2])
    page = client.get("/setup/devices")
    for _ in range(DEVICES_MAX + 2):
        page = follow(client, client.submit(page, {"name-1": "A", "list": "add"}))
    rows = list(parse(page.text).iter("select"))
    assert len(rows) == DEVICES_MAX - 1
    assert not [b for b in parse(page.text).iter("button") if b.get("value") == "add"]
    page = follow(client, client.submit(page, {"name-2": "B", "list": "remove-1"}))
    assert len(list(parse(page.text).iter("select"))) == DEVICES_MAX - 2
    assert 'value="B"' in page.text
    assert 'value="A"' not in page.text
    for number in ("0", "6", "07", "9" * 5000):  # no button says so
        odd = client.submit(page, {"list": f"remove-{number}"})
        assert odd.status_code == 422
        assert 'value="B"' in odd.text


@pytest.mark.parametrize(
    "values", [{"program-1": ""}, {"program-1": "no-such:windows"}, {"program-1": "thunderbird:linux", "name-1": "x" * 21},
               {"program-1": "thunderbird:linux", "name-1": "a\u202eb"}],
)  # fmt: skip
def test_a_device_of_no_use_is_told_and_kept_as_typed(
    client: PageLintingClient, values: dict[str, str], locale: str
) -> None:
    walk(client, *PLAIN[:2], *SEVERAL[:2])
    response = answer(client, "devices", values)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text
    if "name-1" in values:
        assert values["name-1"] in response.text
    assert client.get("/setup/retention").headers["Location"] == "/setup/devices"


def test_a_changed_device_shows_the_plan_anew(client: PageLintingClient) -> None:
    walk(client, *PLAIN[:2], *SEVERAL, *PLAIN[4:])
    page = client.get("/setup/devices?from=review&page=list")
    response = client.submit(page, {"program-1": "outlook-mobile:android", "list": "next"})
    assert response.headers["Location"] == "/setup/retention?from=review"
    page = follow(client, response)
    assert client.submit(page).headers["Location"] == "/setup/review"


def test_a_change_from_the_summary_leads_back_to_it(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN)
    page = client.get("/setup/review")
    links = [link.get("href", "") for link in parse(page.text).iter("a") if "from=review" in link.get("href", "")]
    assert len(links) >= 5
    for link in links:
        assert client.submit(client.get(link)).headers["Location"].partition("?")[0] == "/setup/review"


def test_a_change_that_asks_something_new_comes_back_after_it(client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    page = client.get("/setup/program?from=review&again=1")
    response = client.submit(page, {"program": "outlook:windows"})
    assert response.headers["Location"] == "/setup/outlook-profile?from=review"
    page = follow(client, response)
    assert client.submit(page, {"profile": "new"}).headers["Location"] == "/setup/review"


def test_back_leads_to_what_was_seen_before(client: PageLintingClient) -> None:
    """Back after next: from each question to the one before, which stands there as it was answered."""
    walk(client, *PLAIN[:2], *SEVERAL, *PLAIN[4:])
    seen = []
    url = "/setup/review"
    while url != "/":
        page = client.get(url)
        assert page.status_code == 200
        seen.append(url)
        back = next(nav for nav in parse(page.text).iter("nav") if "back" in nav.get("class", ""))
        link = back.find("a")
        assert link is not None
        url = link.attrib["href"]
    assert seen == [
        "/setup/review", "/setup/preparation?again=1", "/setup/retention?page=plan", "/setup/retention?again=1",
        "/setup/devices?page=list", "/setup/devices?again=1", "/setup/program?again=1", "/setup/address?again=1",
    ]  # fmt: skip


def test_ticks_of_the_preparation_are_kept_and_block_nothing(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN[:4], ("preparation", {"two_factor": "yes"}))
    page = client.get("/setup/preparation?again=1")
    assert client.submit(page, {"done": "pop3"}).headers["Location"] == "/setup/review"
    assert kept(client)["preparation"] == {"done": ["pop3"], "two_factor": "yes"}
    review = client.get("/setup/review").text
    assert ("App-Passwort" if locale == "de" else "App password") in review


def test_the_finish_page_offers_the_other_port_and_imap(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN)
    page = client.get("/finish").text
    assert "imap.gmx.net" in page
    other = client.get("/finish/gmx-pop-thunderbird.zip?smtp_port=587")
    assert other.status_code == 200
    assert other.get_data() != client.get("/finish/gmx-pop-thunderbird.zip").get_data()
    assert client.get("/finish/gmx-pop-thunderbird.zip?smtp_port=25").status_code == 404


@pytest.mark.parametrize("client_id", LIVING)
def test_the_finish_page_says_everything_once_and_nothing_that_contradicts(
    client: PageLintingClient, client_id: str
) -> None:
    chosen = CLIENTS[client_id]
    system = next(system.id for system in SYSTEMS.values() if system.client_system in chosen.systems)
    walk(client, PLAIN[0], ("program", {"program": f"{client_id}:{system}"}))
    if client_id == "outlook":
        walk(client, ("outlook-profile", {"profile": "existing"}))
    walk(client, *STAYING[2:])
    text = client.get("/finish?lang=en").text
    assert text.count(">Receiving (POP3)</th>") == (chosen.receives and client_id not in IMAP_ONLY)
    assert text.count(">Sending (SMTP)</th>") == chosen.sends
    assert ("smtp" in text.lower().replace("msmtp", "")) == chosen.sends
    assert ("Sending does not work?" in text) == chosen.sends
    assert text.count(">Receiving (IMAP)</th>") == (client_id in IMAP_ONLY)
    assert ("POP fetches the inbox only" in text) == (chosen.speaks_pop and chosen.receives)
    assert text.count("Which message does your program show?") == 1
    assert text.count("after about 7 days") == (client_id == "apple-mail")
    done = client.get("/done?lang=en").text
    assert ("Well done, your mail arrives" in done) == chosen.receives
    assert ("Delete the settings file." in done) == bool(chosen.formats)
    assert ("Back up your mail." in done) == (chosen.speaks_pop and chosen.receives)


@pytest.mark.parametrize("client_id", LIVING)
def test_the_last_page_begins_with_what_the_person_has_and_what_to_do(
    client: PageLintingClient, client_id: str
) -> None:
    """The title speaks of something ready only where a file waits that the program takes in."""
    chosen = CLIENTS[client_id]
    system = next(system.id for system in SYSTEMS.values() if system.client_system in chosen.systems)
    walk(client, PLAIN[0], ("program", {"program": f"{client_id}:{system}"}))
    if client_id == "outlook":
        walk(client, ("outlook-profile", {"profile": "existing"}))
    walk(client, *STAYING[2:])
    takes_file = bool(chosen.formats) and client_id != "other"
    for language, ready, nothing in (
        ("de", r"fertig|bereit", "Eingerichtet ist"),
        ("en", "ready", "Nothing is set up"),
    ):
        page = parse(client.get(f"/finish?lang={language}").text)
        banner = next(element for element in page.iter("div") if "banner" in element.get("class", "").split())
        title, first = (text_of(next(banner.iter(tag))) for tag in ("h1", "p"))
        assert bool(re.search(ready, title)) == takes_file, title
        assert first.startswith(nothing), first
        assert ("Did it work?" in text_of(page)) == (language == "en")
    assert ("IMAP" in title) == (client_id in IMAP_ONLY)


def test_an_address_that_the_file_cannot_hold_is_told_at_once(client: PageLintingClient) -> None:
    walk(client, ("address", {"email_address": "an%na@gmx.de"}), ("program", {"program": "msmtp:linux"}), *STAYING[2:])
    page = client.get("/finish?lang=en").text
    assert "cannot hold your address" in page
    assert "None" not in page
    assert "mail.gmx.net" in page


def test_done_says_what_comes_next(client: PageLintingClient, locale: str) -> None:
    assert client.get("/done").status_code == 200
    walk(client, *PLAIN[:2], *SEVERAL, *PLAIN[4:])
    page = client.get("/done").text
    assert "/finish?device=2" in page
    assert "/finish?device=3" not in client.get("/done?device=2").text
    assert "/help?program=thunderbird" in client.get("/finish").text


def test_the_download_is_told_to_whoever_listens(app: Flask, client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    heard = []

    def hear(sender: object, **values: object) -> None:
        heard.append(values)

    with events.file_downloaded.connected_to(hear, app):
        client.get("/finish/gmx-pop-thunderbird.zip")
        client.head("/finish/gmx-pop-thunderbird.zip")
    assert heard == [{"client": "thunderbird", "format": "zip"}]


def test_outlooks_file_has_a_name_of_its_own_that_the_guide_repeats(client: PageLintingClient) -> None:
    walk(client, PLAIN[0], ("program", {"program": "outlook"}), ("outlook-profile", {"profile": "new"}), *PLAIN[2:])
    page = client.get("/finish").text
    names = set(re.findall(r"gmx-pop-[0-9a-f]{6}\.prf", page))
    assert len(names) == 1
    assert names == set(re.findall(r"gmx-pop-[0-9a-f]{6}\.prf", client.get("/finish").text))


def test_deleting_forgets_everything(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN)
    words = "Jetzt löschen" if locale == "de" else "Delete now"
    response = client.submit(client.get("/finish"), form=words)
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/deleted").status_code == 200
    assert client.get("/finish").headers["Location"] == "/setup/address"


def test_the_largest_answers_fit_into_the_cookie_or_are_told(client: PageLintingClient) -> None:
    """A name of 64 emoji and six devices named in emoji: each takes 12 bytes of JSON."""
    local, domain = "a" * 64, "gmx.com"
    walk(client, ("address", {"email_address": f"{local}@{domain}", "name": "\U0001f600" * 64}),
         ("platform", {"provider": "gmx.com"}), ("program", {"program": "outlook:windows"}),
         ("outlook-profile", {"profile": "new"}), *SEVERAL[:2])  # fmt: skip
    rows = {f"program-{n}": "thunderbird-android:android" for n in range(1, DEVICES_MAX)}
    names = {f"name-{n}": "\U0001f600" * 20 for n in range(1, DEVICES_MAX)}
    page = answer(client, "devices", {**rows, **names})
    assert page.status_code == 422
    assert "Kürzen Sie die Namen" in page.text
    assert page.text.count("\U0001f600" * 20) == DEVICES_MAX - 1  # nothing typed is lost
    four = {key: value for key, value in {**rows, **names}.items() if not key.endswith(str(DEVICES_MAX - 1))}
    grown = answer(client, "devices", {**four, "list": "add"})
    assert (grown.status_code, grown.text.count("\U0001f600" * 20)) == (422, DEVICES_MAX - 2)
    assert "Kürzen Sie die Namen" in grown.text
    short = {name: value[:3] for name, value in names.items()}
    assert client.submit(page, {**short, "list": "next"}).status_code == 303
    walk(client, *SEVERAL[3:], *PLAIN[4:])
    client.get("/finish")
    cookie = client.get_cookie("session")
    assert cookie is not None
    assert len(cookie.value) <= SESSION_BYTES_MAX


def test_a_provider_taken_away_since_asks_for_the_address_again(client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    with client.session_transaction() as session:
        session[SESSION_KEY] = {
            **session[SESSION_KEY],
            "address": {**session[SESSION_KEY]["address"], "providers": ["gone.example"]},
        }
    assert client.get("/setup/review").headers["Location"] == "/setup/address"
    assert client.get("/finish").status_code == 303


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_answered_leads_to_the_last_page(app: Flask, data: st.DataObject) -> None:
    """A person answers at random: every page they meet has a way on, and it ends."""
    client = app.test_client()
    assert isinstance(client, PageLintingClient)
    choices = {
        "address": st.fixed_dictionaries(
            {"email_address": st.sampled_from(["a@gmx.de", "a@gmx.com", "a@turboprinz.de", "a@example.org"])}),
        "platform": st.fixed_dictionaries({"provider": st.just("gmx.net")}),
        "program": st.sampled_from(OPTIONS).map(lambda option: {"program": option.value}),
        "outlook-profile": st.fixed_dictionaries({"profile": st.sampled_from(["new", "existing"])}),
        "devices": st.fixed_dictionaries({"devices": st.sampled_from(["one", "several", "unsure"])}),
        "retention": st.fixed_dictionaries({"keep": st.sampled_from(["forever", "14", "delete"])}),
    }  # fmt: skip
    url = "/setup/address"
    for _ in range(20):
        page = client.get(url)
        assert page.status_code == 200
        slug = url.removeprefix("/setup/").partition("?")[0]
        values: dict[str, str] = {}
        fields = {field.get("name") for field in parse(page.text).iter("input")} | {
            field.get("name") for field in parse(page.text).iter("select")
        }
        if "program-1" in fields:
            values = {"program-1": data.draw(st.sampled_from(OPTIONS)).value, "list": "next"}
        elif "confirm" in {button.get("name") for button in parse(page.text).iter("button")}:
            values = data.draw(st.sampled_from([{"confirm": "1"}, {"keep": "forever"}]))
        elif "confirm" not in fields:
            values = data.draw(choices.get(slug, st.just({})))
            if slug == "retention" and values["keep"] not in offered(page.text):
                assert client.submit(page, values).status_code == 422
                values = {"keep": "forever"}
        response = client.submit(page, values)
        assert response.status_code == 303, response.text
        url = response.headers["Location"]
        if not url.startswith("/setup/"):
            break
    assert url == "/connection-tests"
    assert client.get("/finish").status_code == 200


def test_every_system_offers_at_least_one_program_with_a_file() -> None:
    for system in SYSTEMS.values():
        assert any(client.formats for client in system.clients()), system.id
        assert system.clients()[-1].id == "other"


def test_no_answer_stays_in_the_log_or_the_address_bar(
    client: PageLintingClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    location = walk(client, ("address", {"email_address": "canary.address@gmx.de", "name": "Canary Name"}), *PLAIN[1:])
    assert "canary" not in location.lower()
    assert "canary" not in caplog.text.lower()
    assert "canary" in json.dumps(kept(client)).lower()


@pytest.mark.parametrize("locale", ["de", "en"])
def test_thunderbird_for_android_can_scan_its_settings(client: PageLintingClient, locale: str) -> None:
    walk(client, *[("program", {"program": "thunderbird-android:android"}) if slug == "program" else (slug, values)
                   for slug, values in STAYING])  # fmt: skip
    page = client.get(f"/finish?lang={locale}")
    assert page.text.count("<svg xmlns") + page.text.count('<svg width="') >= 1
    assert "gmx-pop-qr.png" in page.text
    assert client.get("/finish/gmx-pop-qr.png").mimetype == "image/png"
