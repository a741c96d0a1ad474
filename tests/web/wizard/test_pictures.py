"""The provider's pages, drawn beside what to press there."""

from __future__ import annotations

import pytest

from tests.support.client import PageLintingClient


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
