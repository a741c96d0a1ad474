"""The list of programs that speak POP, or do not."""

from __future__ import annotations

import pytest

from tests.support.client import PageLintingClient, parse, text_of
from tests.web.wizard.walk import PLAIN, walk
from webapp.core.clients import CLIENTS
from webapp.web.advice.programs import rows


def answers(page: str) -> dict[str, str]:
    """Return the answer of each program by its name."""
    entries = (entry for entry in parse(page).iter("ul") if entry.get("class") == "programs")
    return {text_of(name): text_of(answer) for name, answer in (entry for list_ in entries for entry in list_)}


def test_names_every_program_that_the_wizard_offers() -> None:
    assert {row.client.id for row in rows()} == set(CLIENTS)


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ("Thunderbird", "Ja, mit Datei"),
        ("Betterbird", "Ja, mit Datei"),
        ("FairEmail", "Ja, mit Datei"),
        ("Claws Mail", "Ja, von Hand"),
        ("The Bat!", "Ja, von Hand"),
        ("Gmail-App", "Nein, nur IMAP"),
        ("Wino Mail", "Nein, nur IMAP"),
        ("Drucker, Scanner, NAS oder Webdienst", "Sendet nur"),
    ],
)
def test_answers_for_each_program(client: PageLintingClient, program: str, answer: str) -> None:
    assert answers(client.get("/advice/programs").text)[program] == answer


@pytest.mark.parametrize("locale", ["de", "en"])
def test_a_program_is_found_by_the_alphabet_of_the_language(client: PageLintingClient, locale: str) -> None:
    names = list(answers(client.get(f"/advice/programs?lang={locale}").text))
    assert names == sorted(names, key=str.casefold)


def test_who_misses_a_program_is_led_here_from_the_tiles_and_from_the_help(client: PageLintingClient) -> None:
    walk(client, PLAIN[0])
    heading = text_of(parse(client.get("/advice/programs").text).find(".//h1"))
    for path in ("/setup/program", "/help"):
        links = {text_of(link): link.get("href") for link in parse(client.get(path).text).iter("a")}
        assert links.get(heading) == "/advice/programs", path


def test_each_row_leads_to_steps_that_there_are(client: PageLintingClient) -> None:
    for client_id in {row.client.id for row in rows()}:
        assert client.get(f"/guide/all?client={client_id}").status_code == 200
