"""Figures of the house and its drawing, both read from the import graph. `make house` prints the figures.

`python -m tests.project.house --draw` writes docs/architecture.svg anew; a test compares it with the graph.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from statistics import mean
from textwrap import wrap

import grimp

ROOT = Path(__file__).parents[2]
DRAWING = ROOT / "docs" / "architecture.svg"

# From the top floor down; wings on one floor do not know each other.
FLOORS = (("helpdesk",), ("cli",), ("server",), ("web", "api"), ("connection_tests",), ("infrastructure",), ("core",))
PURPOSES = {
    "helpdesk": "agents, cases, live view; may be left out",
    "cli": "the command gmx-pop-wizard",
    "server": "what serves, and the worker",
    "web": "the pages, a room each",
    "api": "/api/v1",
    "connection_tests": "engine, stores, one begin()",
    "infrastructure": "the middle floor: one of every mechanism",
    "core": "standard library and pure data",
}

_FILLS = {
    "helpdesk": "#fef3c7", "cli": "#f1f5f9", "server": "#f1f5f9", "web": "#dbeafe", "api": "#dbeafe",
    "connection_tests": "#e0e7ff", "infrastructure": "#dcfce7", "core": "#ffe4e6",
}  # fmt: skip
_WIDTH, _TALL, _GAP, _EDGE = 940, 100, 30, 16  # user units of the drawing

_CIPHERS = re.compile(r"cryptography\.hazmat\.primitives\.(ciphers|kdf|hpke|asymmetric\.x25519)|cryptography\.fernet")
_COUNTS = re.compile(r"import .*\b(Attempt|HelpdeskAttempt|LimitRow)\b|\.failures \+= 1|\b_counts\[")
_ASKS = re.compile(r"\bfetch\(|XMLHttpRequest")
_WAITS = re.compile(r"set(Timeout|Interval)\(")


def graph() -> grimp.ImportGraph:
    """Return the imports of the application, those inside functions too, those for type checkers alone not."""
    return grimp.build_graph("webapp", exclude_type_checking_imports=True, cache_dir=None)


def sources() -> list[Path]:
    """Return every module of the application but the steps of the migrations."""
    found = sorted((ROOT / "webapp").rglob("*.py"))
    return [path for path in found if path.parent.name != "versions"]


def wing_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "(root)"


def arrows(built: grimp.ImportGraph) -> set[tuple[str, str]]:
    """Return which wing imports which, the package itself left out: create_app names every room."""
    found = {
        (wing_of(module), wing_of(imported))
        for module in built.modules
        for imported in built.find_modules_directly_imported_by(module)
    }
    return {(upper, lower) for upper, lower in found if upper != lower and "(root)" not in (upper, lower)}


def circles(edges: Iterable[tuple[str, str]]) -> list[set[str]]:
    """Return every set of two or more nodes that reach each other."""
    targets: dict[str, set[str]] = {}
    for start, end in edges:
        targets.setdefault(start, set()).add(end)
    reached = {node: _reached(node, targets) for node in targets}
    found: list[set[str]] = []
    for node in sorted(targets):
        circle = {other for other in reached[node] if node in reached.get(other, ())} | {node}
        if len(circle) > 1 and circle not in found:
            found.append(circle)
    return found


def _reached(start: str, targets: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for target in targets.get(waiting.pop(), set()) - seen:
            seen.add(target)
            waiting.append(target)
    return seen


def module_edges(built: grimp.ImportGraph) -> set[tuple[str, str]]:
    return {
        (module, imported) for module in built.modules for imported in built.find_modules_directly_imported_by(module)
    }


def imports_of(path: Path) -> set[str]:
    """Return the modules that a file names in its imports, wherever they stand."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or ".")
    return found


def entries() -> list[Path]:
    """Return what lies at the top of webapp/."""
    return sorted(path for path in (ROOT / "webapp").iterdir() if path.name != "__pycache__")


def ciphers() -> list[Path]:
    """Return the modules that import a cipher or a key derivation."""
    return [path for path in sources() if any(_CIPHERS.match(name) for name in imports_of(path))]


def counters() -> list[Path]:
    """Return the modules that count tries: those which know the table, or keep numbers by caller themselves."""
    return [path for path in sources() if _COUNTS.search(path.read_text("utf-8")) and path.name != "models.py"]


def pollers() -> list[Path]:
    """Return the scripts that ask the server again and again."""
    scripts = sorted((ROOT / "static" / "js").glob("*.js"))
    texts = {path: path.read_text("utf-8") for path in scripts}
    return [path for path, text in texts.items() if _ASKS.search(text) and _WAITS.search(text)]


def figures() -> Iterator[tuple[str, object]]:
    """Yield what `make house` prints: a name and its value."""
    built = graph()
    lines = [path.read_text("utf-8").count("\n") for path in sources()]
    imports = [len(imports_of(path)) for path in sources()]
    yield "entries at the top of webapp/", len(entries())
    yield "wings", len({wing_of(module) for module in built.modules} - {"(root)"})
    yield "arrows between wings", len(arrows(built))
    yield "circles between wings", len(circles(arrows(built)))
    yield "circles between modules, imports in functions too", len(circles(module_edges(built)))
    yield "modules that use a cipher", len(ciphers())
    yield "modules that count tries", len({path.parent if "limits" in path.parts else path for path in counters()})
    yield "pollers in JavaScript", len(pollers())
    yield "modules", len(lines)
    yield "lines", sum(lines)
    yield "longest module", max(lines)
    yield "imports per module", f"{mean(imports):.2f}"


def draw(built: grimp.ImportGraph) -> str:
    """Return the house as SVG: a floor a row, a box a wing with its rooms, an arrow to what stands right below."""
    boxes: dict[str, tuple[int, int, int]] = {}
    for row, wings in enumerate(FLOORS):
        wide = (_WIDTH - 2 * _EDGE - _GAP * (len(wings) - 1)) // len(wings)
        for column, wing in enumerate(wings):
            boxes[wing] = (_EDGE + column * (wide + _GAP), _EDGE + row * (_TALL + _GAP), wide)
    height = _EDGE * 2 + len(FLOORS) * (_TALL + _GAP) - _GAP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif">',
            "<title>The wings of webapp/, from the top floor down. An arrow means: imports.</title>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0 8 4 0 8z" fill="#64748b"/></marker></defs>',
            f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
            *(line for wing, box in boxes.items() for line in _box(wing, _rooms(built, wing), *box)),
            *(_arrow(boxes[upper], boxes[lower]) for upper, lower in _nearest(built)),
            "</svg>\n",
        ]
    )


def _nearest(built: grimp.ImportGraph) -> list[tuple[str, str]]:
    """Return the arrows that end at the highest floor which the importing wing reaches; the others go on from there."""
    floor = {wing: row for row, wings in enumerate(FLOORS) for wing in wings}
    known = [(upper, lower) for upper, lower in sorted(arrows(built)) if upper in floor and lower in floor]
    highest = {wing: min((floor[lower] for upper, lower in known if upper == wing), default=0) for wing in floor}
    return [(upper, lower) for upper, lower in known if floor[lower] == highest[upper]]


def _rooms(built: grimp.ImportGraph, wing: str) -> list[str]:
    return sorted(child.rpartition(".")[2] for child in built.find_children(f"webapp.{wing}"))


def _box(wing: str, rooms: list[str], x: int, y: int, wide: int) -> Iterator[str]:
    yield f'<rect x="{x}" y="{y}" width="{wide}" height="{_TALL}" rx="8" fill="{_FILLS[wing]}" stroke="#64748b"/>'
    yield (
        f'<text x="{x + 14}" y="{y + 24}" font-size="16" fill="#0f172a"><tspan font-weight="bold">{wing}</tspan>'
        f'<tspan dx="12" font-size="13">{escape(PURPOSES[wing])}</tspan></text>'
    )
    for number, line in enumerate(wrap(" · ".join(rooms), (wide - 28) // 7)):
        yield f'<text x="{x + 14}" y="{y + 46 + 18 * number}" font-size="13" fill="#334155">{escape(line)}</text>'


def _arrow(upper: tuple[int, int, int], lower: tuple[int, int, int]) -> str:
    """Return a line from the foot of one box to the head of another, where both lie above each other if they do."""
    (x1, y1, wide1), (x2, y2, wide2) = upper, lower
    left, right = max(x1, x2), min(x1 + wide1, x2 + wide2)
    start = end = (left + right) // 2
    return (
        f'<line x1="{start}" y1="{y1 + _TALL}" x2="{end}" y2="{y2 - 2}" stroke="#64748b" stroke-width="1.5" '
        'marker-end="url(#tip)"/>'
    )


def main() -> None:
    if "--draw" in sys.argv[1:]:
        DRAWING.write_text(draw(graph()), "utf-8")
        return
    for name, value in figures():
        sys.stdout.write(f"{value!s:>10}  {name}\n")


if __name__ == "__main__":
    main()
