"""The programs: each is offered, has a guide and stands in the documentation."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from webapp.core import clients, providers
from webapp.core.clients import CLIENTS, Client
from webapp.core.guides import SOURCES
from webapp.core.text import InputError, translations_for

ROOT = Path(__file__).parents[3]


def test_every_client_has_a_guide_and_every_guide_a_client() -> None:
    assert set(SOURCES) == set(CLIENTS)


def test_every_program_that_a_module_defines_is_offered() -> None:
    modules = [
        importlib.import_module(f"{clients.__name__}.{found.name}") for found in pkgutil.iter_modules(clients.__path__)
    ]
    defined = {value.id for module in modules for value in vars(module).values() if isinstance(value, Client)}
    assert defined == {client.id for client in CLIENTS.values() if client.formats}


def test_the_documentation_has_a_row_for_every_client_and_no_other() -> None:
    page = (ROOT / "docs" / "clients.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| [^|]+\|[^|]+\|[^|]+\|[^|]+\|[^|]+\|$", page, re.MULTILINE)
    assert sorted(rows) == sorted(CLIENTS)
    held = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|$", page, re.MULTILINE)
    assert sorted(id_ for id_, _ in held) == sorted(client.id for client in CLIENTS.values() if client.formats)
    for id_, cell in held:
        assert all(f"`{format_}`" in cell for format_ in CLIENTS[id_].formats), id_


def test_names_and_hints_are_in_the_persons_language() -> None:
    german = translations_for("de")
    assert german.gettext(CLIENTS["other"].name) == "Ein anderes Programm"
    assert german.gettext(CLIENTS["outlook"].hint) == "Oben links steht ein Menü „Datei“"
    with pytest.raises(InputError) as refusal:
        CLIENTS["outlook-new"].export(providers.load()["gmx.net"].account("beispiel@gmx.de"))
    assert "Outlook für Windows (neu)" in refusal.value.message.translated(german)
