"""docs/providers.md and the JSON Schema are those of the loader."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import Any

import jsonschema_rs
import pytest

from tests.support import provider_page
from webapp.core import providers
from webapp.core.providers.format import KEYS
from webapp.core.providers.kinds import INVALID, REQUIRED, Key, Place
from webapp.core.providers.loading import contents


def test_the_page_and_the_schema_are_made_from_the_loader(update_golden: bool) -> None:
    if update_golden:
        provider_page.PAGE.write_text(provider_page.page(), encoding="utf-8")
        provider_page.SCHEMA.write_text(provider_page.schema_file(), encoding="utf-8")
    assert provider_page.PAGE.read_text(encoding="utf-8") == provider_page.page()
    assert provider_page.SCHEMA.read_text(encoding="utf-8") == provider_page.schema_file()


@pytest.mark.parametrize(
    ("path", "key"), list(provider_page.keys()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_key_has_a_meaning_and_an_example_that_the_loader_takes(path: str, key: Key) -> None:
    assert key.meaning.endswith(".")
    place = Place()
    read = key.kind.read(tomllib.loads(f"x = {key.example}")["x"], place)
    assert read is not INVALID
    assert [problem.key for problem in place.problems] == []
    assert f"`{path}`" in provider_page.PAGE.read_text(encoding="utf-8")


def test_the_page_names_no_key_that_the_loader_does_not_know() -> None:
    named = set(re.findall(r"^\| `([a-z_.<>\[\]0-9]+)` \|.*\| .* \|", provider_page.tables(), re.MULTILINE))
    entries = list(provider_page.keys())
    assert named == {path for path, _ in entries}


def test_the_smallest_file_of_the_page_is_whole_and_as_small_as_can_be() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", provider_page.PAGE.read_text(encoding="utf-8"), re.DOTALL)
    smallest = tomllib.loads(text)
    assert providers.parse("nordlicht.example", smallest, "page").name == "Nordlicht"
    assert set(smallest) == {key.name for key in KEYS if key.default is REQUIRED}


def with_texts(value: Any) -> Any:
    """Return the content as JSON has it: dates as texts."""
    match value:
        case dict():
            return {name: with_texts(entry) for name, entry in value.items()}
        case list():
            return [with_texts(entry) for entry in value]
        case date():
            return value.isoformat()
        case _:
            return value


def test_the_schema_takes_every_shipped_file_and_refuses_what_the_loader_refuses() -> None:
    checker = jsonschema_rs.validator_for(provider_page.schema())
    for _, content in contents().values():
        checker.validate(with_texts(content))
        for key in ("name", "servers", "domains"):
            assert not checker.is_valid(with_texts({**content, key: 7}))
        assert not checker.is_valid(with_texts({**content, "colour": "blue"}))
