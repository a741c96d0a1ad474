"""The helpdesk with a provider that is not GMX: what agents read and say names the person's provider."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from tests.helpdesk.conftest import answer, fragment, join, open_case
from tests.support.client import PageLintingClient
from tests.support.other_providers import says_gmx, walks
from webapp.core.text import Message, locales
from webapp.helpdesk import places
from webapp.helpdesk.log import hint_message
from webapp.helpdesk.vocabulary import CHOICES, HINTS, STATE_LABELS, STEP_QUESTIONS, STEP_SENTENCES
from webapp.infrastructure.config import Config
from webapp.infrastructure.i18n import speak_of, translate

NORDLICHT = walks()[0]


@pytest.fixture
def config(config: Config) -> Config:
    """A site that serves all the brands and Nordlicht; it is about GMX."""
    return replace(config, providers_dir=NORDLICHT.folder)


def test_the_agent_reads_and_says_the_name_of_the_persons_provider(
    agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=NORDLICHT.address)
    page = agent.get(f"/helpdesk/cases/{reference}?lang=de").text
    case = page[page.index("<main") : page.index("</main>")].replace("gmx.de", "")
    assert says_gmx(case) == []
    answer(person, "program", program="thunderbird:windows")
    person.get("/guide/all")
    assert says_gmx(fragment(agent, f"/helpdesk/cases/{reference}/progress").text) == []
    assert "Nordlicht" in agent.get(f"/helpdesk/cases/{reference}/report?lang=de").text


@pytest.mark.parametrize("locale", locales())
def test_every_sentence_to_say_names_the_provider(app: Flask, locale: str) -> None:
    for walk in walks():
        with app.test_request_context(f"/?lang={locale}"):
            speak_of(walk.provider)
            labels = [Message(label) for words in CHOICES.values() for label in words.values()]
            sentences = [
                Message(text) for said in (STEP_SENTENCES, STEP_QUESTIONS, places.LABELS) for text in said.values()
            ]
            sentences += [Message(text) for both in places.SENTENCES.values() for text in both if text]
            hints = [hint_message(hint, "program") for hint in HINTS]
            for message in (*labels, *map(Message, STATE_LABELS.values()), *sentences, *hints):
                text = translate(message)
                assert says_gmx(text) == [], text
                assert "%(" not in text
