"""Fixtures for every test."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from tests.support.client import PageLintingClient
from webapp import create_app
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.errors import Application
from webapp.web.wizard.mx import RESOLVER_KEY

# No limits of time: other work on the same machine would decide whether a test passes.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest_plugins = [
    "tests.support.dovecot",  # first: the others use it
    "tests.support.accounts",
    "tests.support.log_lines",
    "tests.support.postgres_server",
    "tests.support.redis_server",
    "tests.support.thunderbird",
    "tests.support.web",
    "tests.support.zbar",
]


class CompiledOnce(BytecodeCache):
    """Every template as compiled for the first application of this process; most tests make their own."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.code


Application.jinja_options = {**Application.jinja_options, "bytecode_cache": CompiledOnce()}

ROOT = Path(__file__).parent.parent
TRANSLATIONS = ROOT / "webapp" / "translations"
SECRET_KEY = "a secret key that is only for tests"
LONG_FIRST = ("peers", "browser", "server", "connection_tests")  # real programs and servers


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing")


def pytest_configure() -> None:
    """Compile the translations anew where a .po file is younger than its messages.mo."""
    sources = list(TRANSLATIONS.glob("*/LC_MESSAGES/*.po"))
    targets = [path.parent / "messages.mo" for path in sources]
    if any(not t.exists() or t.stat().st_mtime < s.stat().st_mtime for s, t in zip(sources, targets, strict=True)):
        runpy.run_path(str(TRANSLATIONS / "compile.py"))["compile_all"](TRANSLATIONS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders whose files take longest: at the end the workers share small ones, and none waits alone."""
    items.sort(key=lambda item: item.path.relative_to(ROOT / "tests").parts[0] not in LONG_FIRST)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with the newest schema and nothing in it; copying it is faster than migrating."""
    config = Config(data_dir=tmp_path_factory.mktemp("database"), secret_key=SECRET_KEY)
    db.upgrade(config)
    return config.data_dir / "wizard.sqlite3"


@pytest.fixture
def config(tmp_path: Path, empty_database: Path) -> Iterator[Config]:
    """Return settings with a data folder of the test's own, its database upgraded."""
    made = Config(data_dir=tmp_path / "data", secret_key=SECRET_KEY)
    made.data_dir.mkdir()
    shutil.copy(empty_database, made.data_dir)
    yield made
    db.dispose()


@pytest.fixture
def app(config: Config) -> Flask:
    """Return the application; what a view raises reaches the test."""
    made = create_app(config)
    made.testing = True
    made.extensions[RESOLVER_KEY] = None  # no test asks the DNS of the world
    made.test_client_class = PageLintingClient
    return made


@pytest.fixture
def client(app: Flask) -> PageLintingClient:
    made = app.test_client()
    assert isinstance(made, PageLintingClient)
    return made
