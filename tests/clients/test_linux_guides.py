"""The guides of the command-line programs on the wizard's last page."""

from __future__ import annotations

import html
import re

import pytest

from tests.support.client import PageLintingClient
from webapp.clients import CLIENTS, ExportOptions
from webapp.config import current_providers
from webapp.wizard.answers import SESSION_KEY


def finish(
    client: PageLintingClient, name: str, locale: str, address: str = "anna@gmx.de", keep: str = "forever"
) -> str:
    """Return the last page of somebody who has chosen the program `name`."""
    client.get(f"/?lang={locale}")
    for slug, answer in (
        ("address", {"email_address": address}),
        ("program", {"program": "other"}),
        ("devices", {"devices": "one"}),
        ("retention", {"keep": keep}),
        ("preparation", {}),
        ("review", {}),
    ):
        assert client.submit(client.get(f"/setup/{slug}"), answer).status_code == 303
    with client.session_transaction() as session:
        answers = session[SESSION_KEY]
        session[SESSION_KEY] = answers | {"program": {"client": name, "device": None}}
    return html.unescape(client.get("/finish").text)


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("name", ["fetchmail", "getmail", "mpop", "msmtp"])
def test_the_guide_shows_the_commands_of_the_file(client: PageLintingClient, name: str, locale: str) -> None:
    page = finish(client, name, locale)
    with client.application.app_context():
        account = current_providers()["gmx.net"].account("anna@gmx.de")
    content = CLIENTS[name].export(account, ExportOptions(locale=locale)).content.decode()
    commands = re.findall(r"^#     (.+)$", content, re.MULTILINE)[: 2 if name == "msmtp" else 3]
    for command in commands:
        assert command in page.replace("'anna@gmx.de'", "anna@gmx.de")


@pytest.mark.parametrize(("keep", "chosen", "told"), [
    ("forever", "Alle E-Mails bei GMX lassen", "sonst holt es alles noch einmal ab"),
    ("14", "E-Mails 14 Tage lang bei GMX lassen", "Ab dort zählen die Tage bis zum Löschen"),
    ("delete", "E-Mails nach dem Abholen bei GMX löschen", ""),
])  # fmt: skip
def test_getmail_says_what_was_chosen_and_speaks_of_days_with_days_alone(
    client: PageLintingClient, keep: str, chosen: str, told: str
) -> None:
    page = finish(client, "getmail", "de", keep=keep)
    assert f"<strong>{chosen}</strong>" in page
    assert ("Ab dort zählen die Tage" in page) == (keep == "14")
    assert ("getmail merkt sich" in page) == bool(told)
    assert told in page


def test_an_address_in_a_command_is_quoted_for_the_shell(client: PageLintingClient) -> None:
    page = finish(client, "msmtp", "en", "an'na$x@gmx.de")
    assert r"msmtp 'an'\''na$x@gmx.de'" in page


@pytest.mark.parametrize(("name", "used", "other"), [
    ("fetchmail", "pop.gmx.net", "msmtp"), ("getmail", "pop.gmx.net", "msmtp"), ("mpop", "pop.gmx.net", "msmtp"),
    ("msmtp", "mail.gmx.net", "fetchmail, getmail6 oder mpop"),
])  # fmt: skip
def test_only_what_the_program_uses_is_shown_and_what_does_the_rest(
    client: PageLintingClient, name: str, used: str, other: str
) -> None:
    page = finish(client, name, "de")
    assert {"pop.gmx.net", "mail.gmx.net", "imap.gmx.net"} & set(re.findall(r"\b\w+\.gmx\.net", page)) == {used}
    sentence = next(found for found in re.findall(r"<p>(.*?)</p>", page) if "nehmen Sie die Datei für" in found)
    assert other in sentence
    link = re.search(r'href="([^"]+)"', sentence)
    assert link
    choice = client.get(link[1])
    assert choice.status_code == 200
    assert choice.request.path == "/setup/program"
    client.post("/downloads", data={"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', choice.text)[0]})
    made = re.search(r"http://localhost(/f/[\w-]{22})", client.get("/finish").text)
    assert made
    landing = client.get(f"{made[1]}?for=1").text
    assert {"pop.gmx.net", "mail.gmx.net"} & set(re.findall(r"\b\w+\.gmx\.net", landing)) == {used}
    assert "/setup/program" not in landing
