"""A guide as text and as JSON."""

from __future__ import annotations

import pytest

from webapp.core.clients import CLIENTS
from webapp.core.guides import SOURCES, Context, Way, guide
from webapp.core.guides.telling import as_json, as_text, file_name
from webapp.core.providers import load
from webapp.core.text import locales, translations_for

GMX = load()["gmx.net"]
ANNA = GMX.account("anna@gmx.de")


@pytest.mark.parametrize("locale", locales())
@pytest.mark.parametrize("client", SOURCES)
def test_text_and_json_tell_the_same_steps(client: str, locale: str) -> None:
    translations = translations_for(locale)
    found = guide(Context(client, GMX, ANNA, file_name=file_name(client, ANNA, GMX)))
    text = as_text(found, translations)
    shape = as_json(found, translations, lambda client, name: f"https://x.example/{client}/{name}")
    assert [step["id"] for step in shape["steps"]] == [step.id for step in found.steps]
    for step in shape["steps"]:
        assert step["text"] in text
        assert all(word in text for word in step["way"])
        assert all(line in text for value in step["values"] for line in value["value"].splitlines())


def test_what_is_said_names_the_labels() -> None:
    found = guide(Context("outlook", GMX, ANNA, way=Way.HAND))
    said = {step.id: step.spoken.translated(translations_for("en")) for step in found.steps}
    assert said["accounts"] == "Add a new account. Press “Email Accounts”, then “New”."


def test_names_the_file_of_who_has_one() -> None:
    assert file_name("outlook", ANNA, GMX) == "gmx-pop.prf"
    assert file_name("outlook", None, GMX) == "gmx-pop.prf"
    assert file_name("em-client", ANNA, GMX) == ""
    assert set(SOURCES) <= set(CLIENTS)
