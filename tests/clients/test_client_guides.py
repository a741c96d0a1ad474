"""Every guide, in every language, for every device and choice, with and without a file."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from flask import Flask, render_template_string, request

from tests.support.client import PageLintingClient, parse, text_of
from webapp import providers
from webapp.account import Retention
from webapp.clients import CLIENTS
from webapp.config import current_providers
from webapp.guides import BY_HAND
from webapp.text import InputError, translations_for

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "templates" / "clients"

PAGE = """{% extends "base.html" %}{% block title %}A guide{% endblock %}
{% block content %}<h1>A guide</h1>{% include "clients/" ~ client.id ~ ".html" %}{% endblock %}"""
KEPT = (None, "forever", "3", "14", "delete")
DEVICES = (None, "iphone", "mac")


@pytest.fixture
def guides(app: Flask) -> PageLintingClient:
    """Return a client for pages that hold one guide each, with what the query says as its context."""

    @app.get("/test-guide/<client_id>")
    def show_guide(client_id: str) -> str:
        provider = current_providers()["gmx.net"]
        context: dict[str, object] = {"client": CLIENTS[client_id]}
        keep = request.args.get("keep")
        if keep:
            account = provider.account("beispiel@gmx.de", retention=Retention.parse(keep))
            context |= {"account": account, "provider": provider, "retention": account.retention, "system": "windows"}
        for name in ("device", "file_name", "outlook_profile", "system"):
            if name in request.args:
                context[name] = request.args[name]
        return render_template_string(PAGE, **context)

    made = app.test_client()
    assert isinstance(made, PageLintingClient)
    return made


def query(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def shown(guides: PageLintingClient, client_id: str, lang: str = "en", **values: str | None) -> str:
    page = guides.get(f"/test-guide/{client_id}", query_string=query(lang=lang, **values))
    assert page.status_code == 200
    return text_of(parse(page.text).find("body"))


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("client_id", BY_HAND)
def test_a_guide_renders_for_every_choice(guides: PageLintingClient, client_id: str, locale: str) -> None:
    devices = DEVICES if client_id == "apple-mail" else (None,)
    profiles = ("existing", "new") if client_id == "outlook" else (None,)
    for keep, device, file_name, profile in product(KEPT, devices, (None, "gmx-pop-abc123.zip"), profiles):
        shown(guides, client_id, locale, keep=keep, device=device, file_name=file_name, outlook_profile=profile)


def test_every_client_has_a_guide_and_every_guide_a_client() -> None:
    assert {path.stem for path in GUIDES.glob("[!_]*.html")} == set(CLIENTS)


def test_every_guide_says_how_sure_we_are() -> None:
    silent = [id_ for id_ in BY_HAND if "certainty(" not in (GUIDES / f"{id_}.html").read_text()]
    assert silent == ["other"]  # no program, nothing to be sure of


def test_every_guide_names_its_sources_in_a_comment() -> None:
    assert not [id_ for id_ in BY_HAND if not (GUIDES / f"{id_}.html").read_text().startswith("{#")]


@pytest.mark.parametrize("client_id", BY_HAND)
def test_a_guide_gives_the_values_of_the_account(guides: PageLintingClient, client_id: str) -> None:
    text = shown(guides, client_id, keep="14")
    imap = client_id in ("outlook-mobile", "gmail-app", "spark")
    assert ("imap.gmx.net" if imap else "pop.gmx.net") in text
    assert ("993" if imap else "995") in text
    assert "mail.gmx.net" in text
    assert "beispiel@gmx.de" in text


@pytest.mark.parametrize("client_id", sorted(set(BY_HAND) - {"windows-mail", "other"}))
def test_whoever_sees_something_else_is_led_to_the_values(guides: PageLintingClient, client_id: str) -> None:
    page = guides.get(f"/test-guide/{client_id}", query_string={"keep": "14", "lang": "de"}).text
    assert "Bei mir sieht es anders aus" in page
    assert 'href="#by-hand-values"' in page


@pytest.mark.parametrize("client_id", ["apple-mail", "thunderbird", "thunderbird-android"])
@pytest.mark.parametrize("lang", ["de", "en"])
def test_whoever_sees_something_else_reads_where_the_values_stand(
    guides: PageLintingClient, client_id: str, lang: str
) -> None:
    asked = {"keep": "14", "lang": lang}
    assert "further up." in shown(guides, client_id, keep="14")
    page = guides.get(f"/test-guide/{client_id}", query_string=asked | {"file_name": "gmx.zip"}).text
    fold = next(d for d in parse(page).iter("details") if any(e.get("id") == "by-hand-values" for e in d.iter("table")))
    name = text_of(fold.find("summary"))
    link = next(a for a in parse(page).iter("a") if a.get("href") == "#by-hand-values")
    assert name in text_of(link)


def test_each_language_has_menu_words_of_its_own(guides: PageLintingClient) -> None:
    for client_id in BY_HAND:
        english, german = (
            [way for way in re.findall(r'class="way">(.*?)</span></span>', page) if "label" in way]
            for page in (
                guides.get(f"/test-guide/{client_id}", query_string={"keep": "14", "lang": lang}).text
                for lang in ("en", "de")
            )
        )
        assert len(english) == len(german)
        assert not set(english) & set(german), client_id


def test_thunderbird_by_hand_warns_of_14_days_and_says_what_to_set(guides: PageLintingClient) -> None:
    assert "always deletes at GMX after 14 days" in shown(guides, "thunderbird", keep="forever")
    assert "remove the one from “For at most … days”" in shown(guides, "thunderbird", keep="forever")
    assert "write 30 at “For at most … days”" in shown(guides, "thunderbird", keep="30")
    delete = shown(guides, "thunderbird", keep="delete")
    assert "Remove the tick from “Leave messages on server”" in delete
    assert "always deletes at GMX after 14 days" not in delete


@pytest.mark.parametrize(("client_id", "name"), [
    ("outlook-new", "Kopie aller Nachrichten auf dem Server belassen"),
    ("em-client", "Kopie der Nachricht auf dem Server belassen"),
    ("outlook-mac", "Kopie jeder Nachricht auf dem Server belassen"),
    ("fairemail", "Nachrichten auf dem Server belassen"),
    ("other", "Nachrichten auf dem Server belassen"),
])  # fmt: skip
def test_the_choice_becomes_one_step_in_a_program_whose_words_we_know_roughly(
    guides: PageLintingClient, client_id: str, name: str
) -> None:
    told = {
        "forever": f"Setzen Sie den Haken bei „{name}“ oder ähnlichen Wörtern. Gibt es auch ein Feld für Tage?",
        "14": "Schreiben Sie in das Feld für die Tage die Zahl 14.",
        "30": "Schreiben Sie in das Feld für die Tage die Zahl 30.",
        "delete": f"Entfernen Sie den Haken bei „{name}“ oder ähnlichen Wörtern. Dann löscht das Programm",
        None: f"Suchen Sie „{name}“ oder ähnliche Wörter. Ohne diesen Haken löschen viele Programme sofort",
    }
    for keep in told:
        text = shown(guides, client_id, "de", keep=keep)
        assert [said for said, words in told.items() if words in text] == [keep]
        assert (f"Setzen Sie den Haken bei „{name}“" in text) == (keep in ("forever", "14", "30"))
        assert ("Gibt es kein Feld für Tage?" in text) == (keep in ("14", "30"))


def test_thunderbird_names_the_window_that_hides_the_import(guides: PageLintingClient) -> None:
    text = shown(guides, "thunderbird", "de", keep="14", file_name="gmx.zip")
    assert text.index("Minimieren") < text.index("Profil aus Sicherheitskopie importieren")


@pytest.mark.parametrize(("system", "told"), [("mac", True), ("windows", False), ("linux", False)])
def test_thunderbird_speaks_of_safari_on_a_mac_alone(guides: PageLintingClient, system: str, told: bool) -> None:
    assert ("Safari" in shown(guides, "thunderbird", keep="forever", file_name="gmx.zip", system=system)) == told


def test_the_mac_warns_before_anything_is_fetched(guides: PageLintingClient) -> None:
    text = shown(guides, "apple-mail", device="mac", keep="14", file_name="gmx.mobileconfig")
    assert text.index("A Mac deletes mail at GMX after about 7 days") < text.index("Double-click the file")
    assert "choose “After one month”" in text
    assert "choose “After one week”" in shown(guides, "apple-mail", device="mac", keep="3")
    assert "choose “Right away”" in shown(guides, "apple-mail", device="mac", keep="delete")
    assert "A Mac deletes" not in shown(guides, "apple-mail", device="iphone", keep="14")


def test_the_iphone_is_told_to_choose_the_only_number_it_has(guides: PageLintingClient) -> None:
    assert "choose “Seven days”" in shown(guides, "apple-mail", device="iphone", keep="7")
    for keep in ("forever", "14"):
        assert "says “Never”" in shown(guides, "apple-mail", device="iphone", keep=keep)


@pytest.mark.parametrize("file_name", [None, "gmx.mobileconfig"])
@pytest.mark.parametrize("keep", [None, "forever", "7", "14", "delete"])
def test_the_iphone_opens_mail_only_after_the_step_that_sets_what_stays(
    guides: PageLintingClient, keep: str | None, file_name: str | None
) -> None:
    asked = query(lang="de", device="iphone", keep=keep, file_name=file_name)
    page = guides.get("/test-guide/apple-mail", query_string=asked).text
    word = "„7 Tage“" if keep in ("7", "delete") else "„Nie“"
    ways = [
        [text_of(step) for step in steps] for steps in parse(page).iter("ol") if "Öffnen Sie Mail." in text_of(steps)
    ]
    assert len(ways) == (2 if file_name else 1)  # with the file, and by hand
    for steps in ways:
        assert steps[-1] == "Öffnen Sie Mail."
        assert word in steps[-2]
        assert "Vom Server löschen" in steps[-2]
        assert "vor dem ersten Abholen" not in " ".join(steps[:-2])


def test_apple_warns_that_removing_the_profile_deletes_mail(guides: PageLintingClient) -> None:
    for device in DEVICES:
        assert "Removing the profile deletes mail" in shown(guides, "apple-mail", device=device, keep="14")


def test_outlook_offers_both_ways_as_equals_and_starts_the_import_by_name(guides: PageLintingClient) -> None:
    text = shown(guides, "outlook", keep="14", file_name="gmx-pop-abc123.prf", outlook_profile="existing")
    assert r'outlook.exe /importprf "%USERPROFILE%\Downloads\gmx-pop-abc123.prf"' in text
    assert text.index("First way: with the file") < text.index("Second way: by hand")
    # What one pastes is copied before the window opens that it goes into.
    assert text.index("Copy this line") < text.index("/importprf") < text.index("Press the Windows key and R")
    assert "Change Folder" in text
    own = shown(guides, "outlook", keep="14", file_name="gmx-pop-abc123.prf", outlook_profile="new")
    assert "Show Profiles" in own
    assert "Change Folder" not in own


@pytest.mark.parametrize("lang", ["de", "en"])
def test_outlook_says_at_once_that_no_line_is_needed_and_what_to_do_without_success(
    guides: PageLintingClient, lang: str
) -> None:
    values = {"keep": "14", "file_name": "gmx-pop-abc123.prf", "outlook_profile": "existing", "lang": lang}
    page = guides.get("/test-guide/outlook", query_string=values).text
    main = next(parse(page).iter("main"))
    targets = [link.get("href", "") for link in main.iter("a")]
    assert targets[:2] == ["#with-the-file", "#by-hand"]
    assert page.index('href="#by-hand"') < page.index("/importprf")
    trouble = next(d for d in main.iter("details") if "(1)" in text_of(d))
    for word in ("outlook.exe", "gmx-pop-abc123.prf", "„Neues Outlook“" if lang == "de" else "“New Outlook”"):
        assert word in text_of(trouble)
    assert {"#by-hand"} < {link.get("href") for link in trouble.iter("a")}
    by_hand = guides.get("/test-guide/outlook", query_string={"keep": "14", "lang": lang}).text
    assert "/importprf" not in by_hand
    assert "#with-the-file" not in by_hand


@pytest.mark.parametrize("client_id", ["outlook-new", "outlook-mobile"])
def test_outlook_says_that_mail_goes_through_microsofts_cloud(guides: PageLintingClient, client_id: str) -> None:
    assert "copied into Microsoft’s cloud" in shown(guides, client_id, keep="14")


def test_the_documentation_has_a_row_for_every_client_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|(.*)$", (ROOT / "docs" / "clients.md").read_text(), re.MULTILINE)
    assert sorted(id_ for id_, _ in rows) == sorted(CLIENTS)
    for id_, cells in rows:
        assert cells.count("|") == 4, id_
        has_file = "no file exists" not in cells and "ended" not in cells
        assert has_file == bool(CLIENTS[id_].formats), id_
        assert all(f"`{format_}`" in cells for format_ in CLIENTS[id_].formats), id_


def test_names_and_hints_are_in_the_persons_language() -> None:
    german = translations_for("de")
    assert german.gettext(CLIENTS["other"].name) == "Ein anderes Programm"
    assert german.gettext(CLIENTS["outlook"].hint) == "Oben links steht ein Menü „Datei“"
    with pytest.raises(InputError) as refusal:
        CLIENTS["outlook-new"].export(providers.load()["gmx.net"].account("beispiel@gmx.de"))
    assert "Outlook für Windows (neu)" in refusal.value.message.translated(german)
