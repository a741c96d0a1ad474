"""The provider's pages, drawn beside what to press there."""

from __future__ import annotations

import pytest

from tests.support.client import PageLintingClient
from tests.web.wizard.walk import PLAIN, walk


@pytest.mark.parametrize(
    ("provider", "labels"),
    [
        ("gmx.net", ["POP3- und IMAP-Zugriff erlauben", "Jetzt anwendungsspezifisches Passwort einrichten"]),
        ("gmx.com", ["Enable access to this account via POP3 and IMAP"]),
    ],
)
def test_the_switch_and_the_app_password_are_drawn_in_the_words_of_the_site(
    client: PageLintingClient, provider: str, labels: list[str]
) -> None:
    page = client.get(f"/switch/{provider}?lang=de")
    drawn = [part.split('"', 1)[0] for part in page.text.split('role="img" aria-label="')[1:]]
    assert len(drawn) == len(labels)
    for said, label in zip(drawn, labels, strict=True):
        assert f"„{label}“" in said
        assert f"„www.{provider}“" in said


def test_the_site_keeps_its_language_in_a_drawing(client: PageLintingClient) -> None:
    drawn = client.get("/switch/gmx.com?lang=de").text.partition('class="drawing"')[2].partition("</svg>")[0]
    assert ">Save<" in drawn
    assert "Speichern" not in drawn


def test_a_drawing_says_once_that_it_is_one(client: PageLintingClient) -> None:
    page = client.get("/switch/gmx.com?lang=de").text
    assert page.count(">Zeichnung<") == 1


@pytest.mark.parametrize(
    ("phone", "said"),
    [
        ("iPhone; CPU iPhone OS 18_0 like Mac OS X", "„Safari“: Wählen Sie „Desktop-Website anfordern“"),
        ("Linux; Android 15; Pixel 9", "„Chrome“: Setzen Sie den Haken bei „Desktopwebsite“"),
    ],
)
def test_a_phone_without_a_computer_sees_where_its_browser_asks_for_the_pages_of_computers(
    client: PageLintingClient, phone: str, said: str
) -> None:
    program = "apple-mail:iphone" if "iPhone" in phone else "thunderbird-android:android"
    walk(client, PLAIN[0], ("program", {"program": program}))
    page = client.get("/setup/preparation?lang=de", headers={"User-Agent": f"Mozilla/5.0 ({phone}) Mobile"})
    assert said in page.text
