"""An installation that `doctor` looks at: well, unless a test breaks it."""

from __future__ import annotations

import shutil
from pathlib import Path

from webapp.cli.doctor import examine
from webapp.cli.doctor.finding import Finding
from webapp.infrastructure import db
from webapp.infrastructure.config import Config

KEY = "a key that is long enough for tests"
CLOSED = 9  # nobody listens there


class Place:
    """An installation that is well, but that no site answers."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        shutil.copy(database, folder)
        self.key = folder / "secret-key"
        self.key.write_text(KEY)
        self.key.chmod(0o600)
        self.database = folder / "wizard.sqlite3"
        self.environ = {
            "WEBAPP_DATA_DIR": str(folder), "WEBAPP_PUBLIC_URL": f"http://localhost:{CLOSED}",
            "WEBAPP_OPERATOR_NAME": "Stadtwerke", "WEBAPP_OPERATOR_CONTACT": "help@example.org",
            "WEBAPP_COUNTRY": "Deutschland",
        }  # fmt: skip

    @property
    def config(self) -> Config:
        return Config.from_environment(self.environ).completed()

    def found(self, port: int = CLOSED) -> dict[str, Finding]:
        return {finding.id: finding for area in examine(self.environ, port) for finding in area.findings or ()}

    def set(self, **settings: str) -> None:
        self.environ |= {f"WEBAPP_{name.upper()}": value for name, value in settings.items()}

    def add(self, *rows: object) -> None:
        with db.begin(self.config) as session:
            session.add_all(rows)
