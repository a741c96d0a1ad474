"""The first question: an address with mistakes in it, of another brand, of a domain that nobody knows."""

from __future__ import annotations

import html

import pytest

from tests.support.client import PageLintingClient, parse, text_of
from tests.web.wizard.test_wizard import IPHONE, kept, locale
from tests.web.wizard.walk import GUIDE, PLAIN, answer, follow, refused, walk

__all__ = ["locale"]


@pytest.mark.parametrize("typed", ["gmx.d", "gmx.comm", "gmx.dee", "gnx.de", "gmx.nett", "gmx.ed", "gxm.de", "gmüx.de"])
def test_a_typing_mistake_is_put_right_with_one_press(client: PageLintingClient, typed: str, locale: str) -> None:
    page = answer(client, "address", {"email_address": f"anna@{typed}"})
    page = follow(client, page)
    assert f"anna@{typed}" in page.text
    assert client.submit(page).status_code == 303
    address = kept(client)["address"]
    assert str(address["email_address"]).startswith("anna@gmx.")
    assert address["certainty"] in ("certain", "ambiguous")


def test_swapped_letters_mean_the_best_known_domain(client: PageLintingClient) -> None:
    page = follow(client, answer(client, "address", {"email_address": "anna@gmx.ed"}))
    assert "anna@gmx.de" in page.text
    assert "gmx.se" not in page.text


@pytest.mark.parametrize(
    "typed",
    ["anna@gmx,de", "anna@gmx.de.", "anna @gmx.de", "anna@ gmx.de ", "<anna@gmx.de>", '"Anna B" <Anna@gmx.de>',
     "mailto:anna@gmx.de", "„anna@gmx.de“"],
)  # fmt: skip
def test_what_is_plainly_meant_is_understood(client: PageLintingClient, typed: str) -> None:
    assert walk(client, ("address", {"email_address": typed})) == "/setup/program"
    assert kept(client)["address"]["email_address"] == "anna@gmx.de"


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "Geben Sie"), ("anna", "@"), ("anna@gmx", "Hinter dem @ fehlt noch etwas"), ("müller@gmx.de", "Umlaut"),
     ("0171 1234567", "Telefonnummer"), ("+49 171/1234567", "Telefonnummer"), ("a..b@gmx.de", "zwei Punkte")],
)  # fmt: skip
def test_a_mistake_in_the_address_is_named(client: PageLintingClient, typed: str, words: str) -> None:
    page = refused(client, "address", {"email_address": typed})
    assert words in page.text
    assert f'value="{html.escape(typed)}"' in page.text
    assert page.text.count('class="error"') == 1
    assert "<title>Fehler: " in page.text


def test_an_umlaut_in_the_domain_is_shown_as_it_was_typed(client: PageLintingClient) -> None:
    page = follow(client, answer(client, "address", {"email_address": "anna@xn--mller-kva.example"}))
    assert "anna@müller.example" in page.text
    assert "xn--" not in text_of(parse(page.text))
    assert 'value="anna@müller.example"' in client.get("/").text


def test_back_after_a_mistake_finds_a_page(client: PageLintingClient) -> None:
    """The mistake is shown after a redirect: the browser has nothing to send again, and the page forgets it once shown."""
    response = answer(client, "address", {"email_address": "anna"})
    assert response.status_code == 303
    assert 'value="anna"' in follow(client, response).text
    assert 'value="anna"' not in client.get("/").text


@pytest.mark.parametrize(
    ("slug", "field", "typed"),
    [("address", "email_address", "x" * 500), ("address", "email_address", "\U0001f600" * 500),
     ("name", "name", "Anna " * 5000), ("name", "name", "\U0001f600" * 5000)],
)  # fmt: skip
def test_an_entry_of_any_length_is_refused_on_a_page_to_come_back_to(
    client: PageLintingClient, slug: str, field: str, typed: str
) -> None:
    walk(client, *PLAIN)
    page = follow(client, answer(client, slug, {field: typed}))
    assert page.status_code == 200
    assert typed[:30] in page.text
    assert "<title>Fehler: " in page.text
    assert "Kürzen Sie" in page.text or "E-Mail-Adresse" in page.text


@pytest.mark.parametrize("wrong", [{}, {"program": "no-such:windows"}])
def test_the_computer_stays_in_sight_on_a_phone_after_a_mistake(
    client: PageLintingClient, wrong: dict[str, str]
) -> None:
    """Chosen on an iPhone for a computer: the error, and the page for who does not know, show the same system."""
    client.environ_base["HTTP_USER_AGENT"] = IPHONE["User-Agent"]
    walk(client, PLAIN[0])
    page = client.get("/setup/program?system=windows&again=1")
    page = follow(client, client.submit(page, wrong))
    assert 'class="error"' in page.text
    assert 'value="outlook:windows"' in page.text
    page = follow(client, client.submit(page, {"program": "unknown"}))
    assert 'value="thunderbird:windows"' in page.text


def test_who_says_that_the_address_is_right_is_believed(client: PageLintingClient) -> None:
    page = follow(client, answer(client, "address", {"email_address": "anna@gmc.de"}))
    page = follow(client, client.submit(page, form="Nein, meine Adresse ist richtig geschrieben"))
    assert "Diese Hilfe ist nur für GMX" in page.text
    assert 'value="anna@gmc.de"' in client.get("/").text


@pytest.mark.parametrize(
    ("typed", "words"),
    [("anna@freenet.de", "freenet"), ("anna@gmail.com", "Gmail"), ("anna@example.org", "example.org")],
)
def test_other_addresses_get_a_page_that_says_what_to_do(
    client: PageLintingClient, typed: str, words: str, locale: str
) -> None:
    page = follow(client, answer(client, "address", {"email_address": typed}))
    assert words in page.text
    assert client.get("/setup/program").headers["Location"] == "/setup/address"
    again = client.get("/").text
    assert f'value="{typed}"' in again


def test_another_brand_cannot_be_talked_into_gmx(client: PageLintingClient) -> None:
    page = follow(client, answer(client, "address", {"email_address": "anna@freenet.de"}))
    assert client.submit(page, {"confirm": "1"}).status_code == 400
    assert client.get("/setup/program").headers["Location"] == "/setup/address"


def test_an_unknown_domain_may_be_at_gmx_all_the_same(client: PageLintingClient) -> None:
    page = follow(client, answer(client, "address", {"email_address": "anna@example.org"}))
    page = follow(client, client.submit(page))
    assert page.request.path == "/setup/platform"
    assert walk(client, ("platform", {"provider": "gmx.net"}), *PLAIN[1:]) == GUIDE


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
