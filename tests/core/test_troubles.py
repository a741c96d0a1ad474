"""Known troubles of mail programs: read strictly, shown where program, version and day fit."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from webapp.core import troubles
from webapp.core.text import InputError, locales

DOCS = Path(__file__).parents[2] / "docs" / "troubles.md"
EXAMPLE = re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)[0]


def own(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return path


def test_ours_are_told_in_every_language_and_end_some_day() -> None:
    for one in troubles.load():
        assert set(one.what) == set(one.advice) == set(locales())
        assert one.since <= one.until


def test_the_example_of_the_documentation_is_read_before_ours(tmp_path: Path) -> None:
    first, *others = troubles.load(own(tmp_path, EXAMPLE))
    assert first.programs == ("outlook", "outlook-new")
    assert tuple(others) == troubles.load()


@pytest.mark.parametrize(
    ("day", "is_shown"),
    [("2026-11-30", False), ("2026-12-01", True), ("2026-12-31", True), ("2027-01-01", False)],
)
def test_an_entry_appears_on_its_first_day_and_disappears_after_its_last(
    tmp_path: Path, day: str, is_shown: bool
) -> None:
    known = troubles.load(own(tmp_path, EXAMPLE))
    found = troubles.shown(known, "outlook-new", date.fromisoformat(day))
    assert [one.source for one in found] == (["https://intranet.nordlicht.example/outlook"] if is_shown else [])


@pytest.mark.parametrize(
    ("version", "fits"), [("", True), ("153", True), ("153.8.0esr", True), ("15", False), ("154.1", False)]
)
def test_an_entry_is_of_its_versions_and_of_an_unknown_one(version: str, fits: bool) -> None:
    known = troubles.load()
    found = troubles.shown(known, "thunderbird", date(2026, 11, 28), version)
    assert bool(found) is fits
    assert not troubles.shown(known, "samsung-email", date(2026, 11, 28))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"outlook", ', '"outlok", '), "own.toml, troubles[0].programs[0]: must be one of: "),
        (("until = 2026-12-31\n", ""), "own.toml, troubles[0].until: is missing"),
        (("until = 2026-12-31", "until = 2026-11-30"), "own.toml, troubles[0].until: lies before since"),
        (("until", "untill"), "own.toml, troubles[0].untill: is not known here. Did you mean until?"),
        (("since = 2026-12-01", 'since = "soon"'), "own.toml, troubles[0].since: must be a date such as"),
        (("https://", "http://"), "own.toml, troubles[0].source: must be a whole web address"),
        (("[[troubles]]", "[[trouble]]"), "own.toml, trouble: is not known here. Did you mean troubles?"),
        (("[[troubles]]", "[[troubles"), "own.toml: is no TOML"),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(InputError) as refused:
        troubles.load(own(tmp_path, EXAMPLE.replace(*change)))
    assert said in str(refused.value)
