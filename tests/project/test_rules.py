"""Rules about the code itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent


def tracked_files() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ruff", "check", "."], id="ruff-check"),
        pytest.param(["ruff", "format", "--check", "."], id="ruff-format"),
        pytest.param(["mypy"], id="mypy"),
        pytest.param(["lint-imports", "pyproject.toml"], id="import-contract"),
    ],
)
def test_the_code_passes_its_linters(command: list[str]) -> None:
    result = subprocess.run([str(TOOLS / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_module_outgrows_its_room() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / "webapp").rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 400
    }
    assert not long, "longer than 400 lines: make two rooms"


def test_no_line_of_a_template_passes_200_characters() -> None:
    templates = ROOT / "templates"
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted(templates.rglob("*.html"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 200
    ]
    assert not long


def test_no_file_names_a_package_index_or_a_path_of_one_machine() -> None:
    forbidden = re.compile(r"(?<!emit-)index-url|https?://\S+/simple\b|https?://registry\.|(?<![\w.])/(?:work|home)/\w")
    offenders = []
    for path in tracked_files():
        if path == Path(__file__) or path.suffix in {".png", ".webp", ".mo", ".ico"}:
            continue
        if forbidden.search(path.read_text(encoding="utf-8", errors="replace")):
            offenders.append(str(path.relative_to(ROOT)))
    assert not offenders


def test_nothing_cites_a_paper_that_is_not_here() -> None:
    """A reason is given where it is needed, not as the number of a rule that no reader of this repository can look up."""
    citation = re.compile(r"\brules? \d+\b|\bdesign(?:\.md|, section)|\breference/[\w-]+\.md", re.IGNORECASE)
    citing = []
    for path in tracked_files():
        if path.suffix in {".py", ".md", ".html", ".js", ".css", ".toml", ".yaml", ".cfg"} and path != Path(__file__):
            lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            citing += [f"{path.relative_to(ROOT)}:{number}" for number, line in lines if citation.search(line)]
    assert not citing


def test_the_page_on_security_names_tests_there_are() -> None:
    """The last cell of a row holds the names as sentences: *one computer makes so many links only*; *…*."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    last_cells = re.findall(r"^\|.*\|([^|]*)\|$", page, re.MULTILINE)
    sentences = [text.strip() for cell in last_cells for text in cell.split(";")]
    names = [text for text in sentences if text and text != "shown by" and not re.fullmatch("-+", text)]
    assert [text for text in names if not re.fullmatch(r"\*[^*`]+\*", text)] == []
    named = {"test_" + text.strip("*").replace(" ", "_") for text in names}
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
    }
    assert len(named) > 50
    assert not named - there


def test_every_requirement_of_two_levels_stands_in_the_table_of_asvs_and_few_are_not_met() -> None:
    """asvs.txt has the numbers of OWASP ASVS 5.0 in their order, each with its level."""
    levels = dict(line.split() for line in (ROOT / "tests" / "project" / "asvs.txt").read_text().splitlines())
    order = list(levels)
    section = (ROOT / "docs" / "security.md").read_text("utf-8").partition("\n## ASVS\n")[2].partition("\n### ")[0]
    found: dict[str, str] = {}
    for cells in re.findall(r"^\| (\d[\d. –]+) \| [^|]+ \| ([^|]+) \|([^|]*)\|$", section, re.MULTILINE):
        for part in cells[0].split():
            first, _, last = part.partition("–")
            numbers = order[order.index(first) : order.index(last or first) + 1]
            assert not found.keys() & set(numbers), part
            found |= dict.fromkeys(numbers, cells[1])
        assert re.match(r"done|with `WEBAPP_|written|not met|does not apply", cells[1]), cells[0]
        assert cells[2].strip() or cells[1].startswith("does not apply"), cells[0]
    wanted = {number for number, level in levels.items() if level in "12"}
    assert sorted(wanted - found.keys()) == []
    missing = [number for number in wanted if found[number].startswith("not met")]
    assert len(missing) == 11
    assert "Not met are eleven." in (ROOT / "docs" / "security.md").read_text("utf-8")


def test_every_requirement_is_pinned_with_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        logical_lines = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
        requirements = [line for line in logical_lines if line.strip() and not line.lstrip().startswith("#")]
        assert requirements
        for requirement in requirements:
            assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+ ", requirement), requirement
            assert "--hash=sha256:" in requirement, requirement


def test_both_requirements_files_pin_the_same_versions() -> None:
    run, dev = (
        dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert run.items() <= dev.items()


def test_the_probe_knows_no_verb_that_reads_or_deletes_mail() -> None:
    """A mail is never read, deleted or moved; only the full circle sends one of its own and fetches headers to find it."""
    verbs = re.compile(r"\b(?:DELE|RETR|TOP|DATA|APPEND|EXPUNGE)\b")
    never = re.compile(r"\b(?:DELE|RETR|APPEND|EXPUNGE)\b")
    for path in (ROOT / "webapp").rglob("*.py"):
        probe = path.parent.name == "probe"
        forbidden = verbs if probe and path.name != "circle.py" else never
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert not forbidden.search(line), f"{path.name}:{number}: {line}"


def test_the_full_circle_asks_for_no_line_of_a_text() -> None:
    source = (ROOT / "webapp" / "core" / "probe" / "circle.py").read_text()
    assert re.findall(r'b"(?:TOP|DATA)[^"]*"', source) == [r'b"DATA\r\n"', r'b"TOP %d 0\r\n"']
