"""Where people read the known troubles of their program."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.core.test_troubles import EXAMPLE
from tests.support.client import PageLintingClient
from webapp import create_app
from webapp.core.text import InputError
from webapp.infrastructure import troubles
from webapp.infrastructure.config import Config

WHAT = "Auf unseren Firmenrechnern fragt Outlook zweimal"


def site(config: Config, folder: Path, today: date) -> PageLintingClient:
    (folder / "own.toml").write_text(EXAMPLE, "utf-8")
    own = replace(config, troubles_file=folder / "own.toml")
    app = create_app(own)
    troubles.init_app(app, own, lambda: today)
    app.test_client_class = PageLintingClient
    client = app.test_client()
    assert isinstance(client, PageLintingClient)
    return client


@pytest.mark.parametrize(("day", "told"), [("2026-12-24", True), ("2027-01-01", False)])
def test_the_guide_and_the_help_tell_an_operators_entry_until_its_end(
    config: Config, tmp_path: Path, day: str, told: bool
) -> None:
    client = site(config, tmp_path, date.fromisoformat(day))
    first = client.get("/guide?client=outlook&system=windows", follow_redirects=True).request.path
    for address in (
        f"{first}?client=outlook",
        f"{first}?client=outlook&unseen=1",
        "/guide/all?client=outlook",
        "/help?program=outlook",
        "/help/not-working?program=outlook",
    ):
        assert (WHAT in client.get(address).text) is told, address
    assert WHAT not in client.get("/guide/all?client=thunderbird").text


def test_a_broken_file_stops_the_start(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(EXAMPLE.replace("source =", "sauce ="), "utf-8")
    with pytest.raises(InputError, match=r"own\.toml, troubles\[0\]\.sauce: is not known here"):
        create_app(replace(config, troubles_file=file))
