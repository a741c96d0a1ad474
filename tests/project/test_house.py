"""The plan of the house: what docs/architecture.md promises."""

import re

from tests.project import house

PAGES = ("docs/architecture.md", "CONTRIBUTING.md")
WORDS_MAX = 25
ENTRIES_MAX = 14


def relative(paths: list) -> list[str]:
    return [str(path.relative_to(house.ROOT)) for path in paths]


def test_the_drawing_shows_the_wings_and_their_imports_as_they_are() -> None:
    assert house.DRAWING.read_text("utf-8") == house.draw(house.graph()), "python -m tests.project.house --draw"


def test_nothing_is_imported_in_a_circle() -> None:
    built = house.graph()
    assert house.circles(house.module_edges(built)) == []
    assert house.circles(house.arrows(built)) == []


def test_a_circle_is_found_where_there_is_one() -> None:
    assert house.circles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]) == [{"a", "b", "c"}]
    assert house.circles([("a", "b"), ("a", "c"), ("b", "c")]) == []


def test_the_top_floor_has_few_doors() -> None:
    assert len(house.entries()) <= ENTRIES_MAX, relative(house.entries())


def test_each_mechanism_stands_once() -> None:
    assert relative(house.ciphers()) == ["webapp/infrastructure/sealing.py"]
    assert relative(house.pollers()) == ["static/js/poll.js"]
    assert {path.parent.name for path in house.counters()} == {"limits"}


def test_pages_for_newcomers_name_files_that_are_there() -> None:
    for page in PAGES:
        text = (house.ROOT / page).read_text("utf-8")
        named = set(re.findall(r"`((?:webapp|templates|static|tests|docs)/[\w./-]*)`", text))
        assert named
        assert {name for name in named if not (house.ROOT / name).exists()} == set(), page


def test_the_glossary_is_short() -> None:
    words = (house.ROOT / "docs" / "architecture.md").read_text("utf-8").partition("\n## Words\n")[2]
    rows = re.findall(r"^\| (?!word \||---)[^|]+\|", words, re.MULTILINE)
    assert 10 <= len(rows) <= WORDS_MAX
