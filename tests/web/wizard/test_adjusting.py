"""What `/adjust` changes: nothing is deleted before the person has read what, and several devices get a plan."""

from __future__ import annotations

import html
import io
import re
import zipfile

import pytest
from flask import Flask

from tests.support.client import PageLintingClient, parse, text_of
from tests.web.wizard.walk import GUIDE, PLAIN, SEVERAL, answer, follow, refused, walk
from webapp.infrastructure.config import DEVICES_MAX, SESSION_BYTES_MAX
from webapp.web.wizard import programs
from webapp.web.wizard.answers import SESSION_KEY
from webapp.web.wizard.steps import ADJUSTMENTS

OPTIONS = [option for _, options in programs.groups() for option in options if not option.client.ended]
PLAN = "/adjust/retention?page=plan"


@pytest.fixture(params=["de", "en"])
def locale(request: pytest.FixtureRequest, client: PageLintingClient) -> str:
    client.get(f"/?lang={request.param}")
    return str(request.param)


def kept(client: PageLintingClient) -> dict[str, dict[str, object]]:
    with client.session_transaction() as session:
        found: dict[str, dict[str, object]] = session.get(SESSION_KEY, {})
        return found


def offered(page: str) -> list[str]:
    """Return what the page lets a person choose to stay at GMX; an only choice stands in a hidden field."""
    return [field.get("value", "") for field in parse(page).iter("input") if field.get("name") == "keep"]


def prefs(client: PageLintingClient, file_name: str) -> str:
    data = client.get(f"/finish/{file_name}").get_data()
    return zipfile.ZipFile(io.BytesIO(data)).read("GMX-Thunderbird/prefs.js").decode()


def with_program(client: PageLintingClient, program: str) -> None:
    """Answer everything for somebody with this program."""
    walk(client, PLAIN[0], ("program", {"program": program}), PLAIN[2])


def test_nothing_is_deleted_and_one_device_fetches_where_nobody_says_otherwise(client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    file = prefs(client, "gmx-pop-thunderbird.zip")
    assert 'leave_on_server", true' in file
    assert 'delete_by_age_from_server", false' in file


def test_the_page_names_everything_that_can_be_changed(client: PageLintingClient, locale: str) -> None:
    with_program(client, "outlook:windows")
    page = client.get("/adjust")
    links = {link.get("href", "").partition("?")[0] for link in parse(page.text).iter("a")}
    assert {f"/adjust/{step.slug}" for step in ADJUSTMENTS} | {"/setup/program", "/", GUIDE} <= links
    with_program(client, "thunderbird:windows")
    assert "/adjust/outlook-profile" not in client.get("/adjust").text
    assert client.get("/adjust/outlook-profile").headers["Location"] == GUIDE


def test_a_name_and_a_port_reach_the_file(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN)
    page = client.get("/adjust/name").text
    assert 'autocapitalize="words"' in page
    assert walk(client, ("name", {"name": " Anna  Beispiel "})) == "/adjust?changed=name"
    assert walk(client, ("port", {"port": "587"})) == "/adjust?changed=port"
    file = prefs(client, "gmx-pop-thunderbird.zip")
    assert "Anna Beispiel" in file
    assert '.port", 587' in file
    page = client.get("/adjust").text
    assert "Anna Beispiel" in page
    assert "587" in page


def test_a_name_that_cannot_be_is_told_and_kept_as_typed(client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    page = refused(client, "name", {"name": "x" * 70})
    assert f'value="{"x" * 70}"' in page.text


@pytest.mark.parametrize(
    ("values", "keep"),
    [({"keep": "30"}, "30"), ({"keep": "days", "days": " 45 "}, "45"), ({"keep": None, "days": "7"}, "7"),
     ({"keep": "delete"}, "delete")],
)  # fmt: skip
def test_whoever_deletes_has_read_what_before_it_takes_effect(
    client: PageLintingClient, values: dict[str, str], keep: str, locale: str
) -> None:
    walk(client, *PLAIN)
    assert walk(client, ("retention", values)) == "/adjust/retention"
    assert 'leave_on_server", true' in prefs(client, "gmx-pop-thunderbird.zip")
    assert 'delete_by_age_from_server", false' in prefs(client, "gmx-pop-thunderbird.zip")
    page = client.get("/adjust/retention")
    words = "nicht rückgängig" if locale == "de" else "cannot be undone"
    assert words in page.text
    assert ("letzten Jahre" in page.text or "past years" in page.text) == (keep == "delete")
    (safe,) = [control for control in parse(page.text).iter("button") if "data-next" in control.attrib]
    assert safe.get("value") == "forever"
    done = client.submit(page, {"confirm": "1"})  # a file was downloaded before: the program is told, too
    assert done.headers["Location"] == "/adjust/in-program?changed=retention"
    file = prefs(client, "gmx-pop-thunderbird.zip")
    assert ('leave_on_server", true' in file) == (keep != "delete")
    assert (f'num_days_to_leave_on_server", {keep}' in file) == (keep != "delete")
    page = client.get("/adjust/retention?again=1")
    assert client.submit(page, {"keep": "forever"}).headers["Location"] == "/adjust/in-program?changed=retention"
    assert 'leave_on_server", true' in prefs(client, "gmx-pop-thunderbird.zip")


def test_reading_one_warning_does_not_allow_another_deletion(client: PageLintingClient) -> None:
    """Two windows: what was confirmed is what the page said, not what is wished since."""
    walk(client, *PLAIN, ("retention", {"keep": "30"}))
    page = client.get("/adjust/retention")
    client.submit(client.get("/adjust/retention?again=1"), {"keep": "delete"})
    assert client.submit(page, {"confirm": "1"}).headers["Location"] == "/adjust/retention?again=1"
    assert "confirmed" not in kept(client)["retention"]


@pytest.mark.parametrize("days", ["", "0", "100", "-3", "drei", "1.5", "9" * 5000])
def test_a_number_of_days_of_no_use_is_told(client: PageLintingClient, days: str, locale: str) -> None:
    walk(client, *PLAIN)
    response = refused(client, "retention", {"keep": "days", "days": days})
    assert "99" in response.text
    assert 'id="days-error"' in response.text


@pytest.mark.parametrize(
    ("program", "choices", "words"),
    [
        ("thunderbird:windows", ["forever", "30", "14", "days", "delete"], ["Our file sets this for you."]),
        ("outlook:windows", ["forever", "30", "14", "days", "delete"], ["Our file sets this for you."]),
        ("getmail:linux", ["forever", "30", "14", "days", "delete"], ["Our file sets this for you."]),
        ("fetchmail:linux", ["forever", "delete"], ["Our file sets", "Your program cannot delete mail there after some days."]),
        ("apple-mail:mac", ["forever", "30", "7", "delete"],
         ["in your program yourself", "Account Information", "after about 7 days without asking", "such as 14"]),
        ("apple-mail:iphone", ["forever", "7"],
         ["Your program does this by itself.", "Delete from server", "such as 14", "right after fetching"]),
        ("other:windows", ["forever", "30", "14", "days", "delete"], ["in your program yourself", "can count days", "The guide shows how to set this."]),
        ("em-client:windows", ["forever", "30", "14", "days", "delete"], ["in your program yourself", "can count days", "your account › POP3"]),
        ("outlook-new:windows", ["forever", "30", "14", "days", "delete"], ["if it offers it"]),
        ("thunderbird-android:android", ["forever"], ["Our file sets that everything stays", "we know no setting"]),
        ("samsung-email:android", ["forever"], ["Set in your program that everything stays", "The guide shows how to set this."]),
        ("bluemail:linux", ["forever"], ["leaves everything at GMX by itself", "Delete Messages on Server"]),
        ("gmail-app:android", ["forever"], ["With IMAP your mail lies at GMX"]),
        ("msmtp:linux", ["forever"], ["Your program only sends."]),
    ],
)  # fmt: skip
def test_offers_what_can_come_true_and_says_who_sets_it(
    client: PageLintingClient, program: str, choices: list[str], words: list[str]
) -> None:
    client.get("/?lang=en")
    with_program(client, program)
    page = client.get("/adjust/retention")
    assert offered(page.text) == choices
    text = text_of(parse(page.text).find("body"))
    for word in words:
        assert word in text.replace("\N{NO-BREAK SPACE}", " ")
    assert ("file sets" in text) == any("file sets" in word for word in words)
    for word in ("if it offers it", "can count days", "The guide shows how to set this."):
        assert (word in text) == (word in words)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.value)
def test_nothing_else_than_what_is_offered_is_taken(client: PageLintingClient, option: programs.Option) -> None:
    with_program(client, option.value)
    page = client.get("/adjust/retention")
    for keep in ("forever", "30", "14", "7", "days", "delete"):
        with client.session_transaction() as before:
            answers = dict(before)
        client.submit(page, {"keep": keep, "days": "45"})
        taken = kept(client).get("retention", {}).get("keep") == ("45" if keep == "days" else keep)
        assert taken == (keep in offered(page.text)), keep
        with client.session_transaction() as after:
            after.clear()
            after.update(answers)


def test_what_the_next_program_cannot_do_falls_back_to_what_loses_nothing(
    client: PageLintingClient, locale: str
) -> None:
    walk(client, *PLAIN, ("retention", {"keep": "14"}), ("retention", {"confirm": "1"}))
    page = client.get("/setup/program?again=1")
    client.submit(page, {"program": "fetchmail:linux"})
    assert client.get("/finish").status_code == 200
    page = client.get("/adjust")
    words = "Was Sie vorher gewählt hatten" if locale == "de" else "cannot do what you chose before"
    assert words in page.text
    assert "\nkeep\n" in client.get("/finish/fetchmailrc").text.replace(" ", "\n")
    fields = parse(client.get("/adjust/name").text).iter("input")
    token = next(field.get("value", "") for field in fields if field.get("name") == "csrf_token")
    client.post("/adjust/retention", data={"confirm": "1", "csrf_token": token})
    assert "confirmed" not in kept(client)["retention"]


def test_days_are_offered_for_several_devices_where_one_file_can_clear(client: PageLintingClient) -> None:
    with_program(client, "apple-mail:iphone")
    walk(client, *SEVERAL[:2], ("devices", {"program-1": "fetchmail:linux"}))
    page = client.get("/adjust/retention")
    assert offered(page.text) == ["forever"]
    assert "Keines Ihrer Programme" in page.text
    page = client.get("/adjust/devices?page=list")
    client.submit(page, {"program-1": "thunderbird:linux", "list": "next"})
    assert offered(client.get("/adjust/retention?again=1").text) == ["forever", "30", "14", "days"]
    walk_page = client.get("/adjust/retention?again=1")
    page = follow(client, client.submit(walk_page, {"keep": "14"}))
    client.submit(page)
    assert kept(client)["retention"] == {"keep": "14", "confirmed": True}
    page = client.get("/adjust/devices?page=list")
    assert client.submit(page, {"program-1": "fetchmail:linux", "list": "next"}).headers["Location"] == PLAN
    assert "confirmed" not in kept(client)["retention"]


def test_the_plan_says_where_mail_is_kept_by_hand(client: PageLintingClient) -> None:
    walk(client, *PLAIN, *SEVERAL[:2], ("devices", {"program-1": "apple-mail:mac"}), SEVERAL[3])
    plan = text_of(parse(client.get("/adjust/retention?lang=en").text).find("body")).replace("\N{NO-BREAK SPACE}", " ")
    assert "Mail › Settings… › Accounts › GMX › Account Information" in plan


def test_deleting_with_several_devices_names_both_dangers(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN, *SEVERAL[:3])
    page = follow(client, answer(client, "retention", {"keep": "delete"}))
    assert ("Kein anderes Gerät" if locale == "de" else "No other device") in page.text
    assert client.submit(page, {"confirm": "1"}).headers["Location"] == "/adjust?changed=retention"
    assert kept(client)["retention"] == {"keep": "delete", "confirmed": True}


def test_several_devices_get_a_plan_and_a_file_each(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN)
    page = follow(client, answer(client, "devices", {"devices": "several"}))
    assert 'name="protocol"' in page.text  # IMAP is one press away
    page = follow(client, client.submit(page, {"confirm": "1"}))
    page = client.submit(page, {"program-1": "apple-mail:iphone", "name-1": "Annas iPhone", "list": "add"})
    page = follow(client, page)
    assert 'value="Annas iPhone"' in page.text
    page = follow(client, client.submit(page, {"program-2": "thunderbird:linux", "list": "next"}))
    assert "Annas iPhone" in page.text  # the plan at once: everything stays
    assert client.submit(page).headers["Location"] == "/adjust?changed=retention"
    page = follow(client, client.submit(client.get("/adjust/retention?again=1"), {"keep": "30"}))
    assert "Annas iPhone" in page.text
    assert "<svg" in page.text
    assert 'role="img"' in page.text
    page = follow(client, client.submit(page))
    assert page.request.path == "/adjust"
    assert "Annas iPhone" in page.text
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
    walk(client, *PLAIN, *SEVERAL[:2], ("devices", {"program-1": "thunderbird:linux"}), *SEVERAL[3:])
    clear, leave = prefs(client, "gmx-pop-thunderbird.zip"), prefs(client, "gmx-pop-thunderbird-2.zip")
    assert 'delete_by_age_from_server", true' in clear
    assert 'num_days_to_leave_on_server", 30' in clear
    assert 'delete_by_age_from_server", false' in leave
    assert 'leave_on_server", true' in leave


def test_the_list_of_devices_grows_and_shrinks_by_its_buttons(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN, *SEVERAL[:2])
    page = client.get("/adjust/devices")
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
        odd = follow(client, client.submit(page, {"list": f"remove-{number}"}))
        assert 'value="B"' in odd.text


@pytest.mark.parametrize(
    "values", [{"program-1": ""}, {"program-1": "no-such:windows"}, {"program-1": "thunderbird:linux", "name-1": "x" * 21},
               {"program-1": "thunderbird:linux", "name-1": "a\u202eb"}],
)  # fmt: skip
def test_a_device_of_no_use_is_told_and_kept_as_typed(
    client: PageLintingClient, values: dict[str, str], locale: str
) -> None:
    walk(client, *PLAIN, *SEVERAL[:2])
    page = follow(client, answer(client, "devices", values))
    assert 'aria-invalid="true"' in page.text
    assert "<title>Fehler: " in page.text or locale == "en"
    if "name-1" in values:
        assert values["name-1"] in page.text
    assert not kept(client)["devices"].get("listed")
    assert 'aria-invalid="true"' not in client.get("/adjust/devices").text  # told once


def test_a_program_that_is_no_more_is_refused_for_another_device(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN, *SEVERAL[:2])
    page = follow(client, answer(client, "devices", {"program-1": "windows-mail:windows", "name-1": "Altes Notebook"}))
    assert ("gibt es nicht mehr" if locale == "de" else "is no more") in page.text
    assert "Altes Notebook" in page.text


@pytest.mark.parametrize(("program", "choice"), [("gmail-app:android", False), ("thunderbird:windows", True)])
def test_a_plan_offers_another_time_only_where_there_is_one(
    client: PageLintingClient, program: str, choice: bool
) -> None:
    with_program(client, program)
    walk(client, *SEVERAL[:2], ("devices", {"program-1": "spark:iphone"}))
    page = client.get(PLAN)
    assert ("Andere Dauer wählen" in page.text) == choice


def test_a_long_name_of_a_program_is_drawn_narrower_in_the_plan(client: PageLintingClient) -> None:
    walk(client, *PLAIN, *SEVERAL)
    assert "textLength" not in client.get(PLAN).text
    page = client.get("/adjust/devices?page=list")
    page = follow(client, client.submit(page, {"program-1": "thunderbird-android:android", "list": "next"}))
    assert re.search("textLength[^>]*>Thunderbird oder K-9 Mail · Android-Handy oder -Tablet<", page.text)


def test_a_changed_device_shows_the_plan_anew(client: PageLintingClient) -> None:
    walk(client, *PLAIN, *SEVERAL)
    page = client.get("/adjust/devices?page=list")
    response = client.submit(page, {"program-1": "outlook-mobile:android", "list": "next"})
    assert response.headers["Location"] == PLAN
    page = follow(client, response)
    assert client.submit(page).headers["Location"] == "/adjust?changed=retention"


def test_another_program_shows_the_plan_anew(client: PageLintingClient) -> None:
    walk(client, *PLAIN, *SEVERAL)
    client.submit(client.get("/setup/program?again=1"), {"program": "outlook:windows"})
    assert "confirmed" not in kept(client)["retention"]
    assert client.get("/adjust/retention").text.count("plan-picture") == 1


def test_back_leads_to_the_question_and_then_to_the_list(client: PageLintingClient) -> None:
    walk(client, *PLAIN, *SEVERAL)
    seen = []
    url = PLAN
    while url != "/adjust":
        page = client.get(url)
        seen.append(url)
        back = next(nav for nav in parse(page.text).iter("nav") if "way-back" in nav.get("class", ""))
        link = back.find("a")
        assert link is not None
        url = link.attrib["href"]
    assert seen == [PLAN, "/adjust/retention?again=1"]


def test_the_largest_answers_fit_into_the_cookie_or_are_told(client: PageLintingClient) -> None:
    """A name of 64 emoji and six devices named in emoji: each takes 12 bytes of JSON."""
    local, domain = "a" * 64, "gmx.com"
    walk(client, ("address", {"email_address": f"{local}@{domain}"}),
         ("platform", {"provider": "gmx.com"}), ("program", {"program": "outlook:windows"}), PLAIN[2],
         ("name", {"name": "\U0001f600" * 64}), ("outlook-profile", {"profile": "new"}), *SEVERAL[:2])  # fmt: skip
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
    walk(client, *SEVERAL[3:])
    client.get("/finish")
    cookie = client.get_cookie("session")
    assert cookie is not None
    assert len(cookie.value) <= SESSION_BYTES_MAX


def test_a_change_after_the_download_leads_to_where_it_is_made_in_the_program(
    client: PageLintingClient, locale: str
) -> None:
    walk(client, *PLAIN)
    assert walk(client, ("name", {"name": "Anna"})) == "/adjust?changed=name"
    client.get("/finish/gmx-pop-thunderbird.zip")
    walk(client, ("retention", {"keep": "30"}))
    assert walk(client, ("retention", {"confirm": "1"})) == "/adjust/in-program?changed=retention"
    page = client.get("/adjust/in-program?changed=retention")
    assert ("Nachrichten auf dem Server belassen" if locale == "de" else "Leave messages on server") in page.text
    assert "30" in text_of(parse(page.text).find("body/main"))
    assert ("was Sie vorher gewählt haben" if locale == "de" else "what you chose before") in page.text
    for slug, value in (("name", "Anna Kern"), ("port", "587")):
        assert walk(client, (slug, {slug: value})) == f"/adjust/in-program?changed={slug}"
        assert value in client.get(f"/adjust/in-program?changed={slug}").text
    assert client.get("/adjust/in-program").headers["Location"] == GUIDE


def test_who_says_that_it_works_is_led_there_too(client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    client.get("/done")
    assert walk(client, ("name", {"name": "Anna"})) == "/adjust/in-program?changed=name"


def fill_up(app: Flask, client: PageLintingClient) -> None:
    """Leave room for nothing in the cookie of this browser."""
    with client.session_transaction() as session:
        session["pad"] = ""
        fits = app.session_interface.fits  # type: ignore[attr-defined]
        while fits({**session, "pad": session["pad"] + "x"}):
            session["pad"] += "x"


def test_a_mistake_that_fits_into_no_cookie_is_shown_at_once(app: Flask, client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    client.get("/adjust/name")
    fill_up(app, client)
    page = answer(client, "name", {"name": "a" * 65})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text
    assert "a" * 65 in page.text


def test_a_mistake_in_the_list_of_devices_that_fits_into_no_cookie_is_shown_at_once(
    app: Flask, client: PageLintingClient
) -> None:
    walk(client, *PLAIN, *SEVERAL[:2])
    page = follow(client, answer(client, "devices", {"program-1": "", "name-1": "Annas iPhone"}))
    fill_up(app, client)
    again = client.submit(page, {"list": "next"})
    assert again.status_code == 422
    assert 'aria-invalid="true"' in again.text
    assert "Annas iPhone" in again.text
