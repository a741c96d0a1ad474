"""What is deleted stands in no file of the data folder any more: database, write-ahead log, and backups made after it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests.helpdesk.conftest import answer, join, open_case, post
from tests.support.client import PageLintingClient
from webapp.helpdesk import purging
from webapp.infrastructure import background, db, outbox
from webapp.infrastructure.backup import backup
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Base, Case, Delivery

ADDRESS = "anna.geheim@gmx.de"
NOTE = "a note of the agent"
REPORT = "a report that waits"
Deed = Callable[[], object]


def kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def holds(folder: Path, *words: str) -> list[str]:
    found = kept(folder)
    return [word for word in words if word.encode() in found]


@pytest.fixture
def case(agent: PageLintingClient, person: PageLintingClient, config: Config) -> str:
    """A case with the whole address, a note and a report; what it holds can be read."""
    reference, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=ADDRESS)
    assert post(person, "/join/address", {"whole": "yes"}, page="/join/stored").status_code == 303
    post(agent, f"/helpdesk/cases/{reference}/note", {"text": NOTE}, page="/helpdesk")
    with db.begin(config) as session:
        outbox.enqueue(session, "webhook", {"text": REPORT}, reference)
    assert holds(config.data_dir, ADDRESS, NOTE, REPORT) == [ADDRESS, NOTE, REPORT]
    return reference


def assert_gone(config: Config, *words: str) -> None:
    assert holds(config.data_dir, *words) == []
    copy = config.data_dir / "copy"
    backup(config, copy)
    assert holds(config.data_dir, *words) == []


@pytest.mark.parametrize(("path", "form_page"), [("/join/delete", "/join/stored"), ("/delete", "/")])
def test_what_a_person_deletes_is_gone_at_once(
    case: str, person: PageLintingClient, config: Config, path: str, form_page: str
) -> None:
    assert case
    assert post(person, path, page=form_page).status_code == 303
    assert_gone(config, ADDRESS, NOTE, REPORT)


def test_the_address_of_who_leaves_is_gone_at_once(case: str, person: PageLintingClient, config: Config) -> None:
    assert case
    assert post(person, "/join/end").status_code == 303
    assert_gone(config, ADDRESS)


def test_an_address_that_is_hidden_again_is_gone_at_once(case: str, person: PageLintingClient, config: Config) -> None:
    assert case
    assert post(person, "/join/address", {"whole": "no"}, page="/join/stored").status_code == 303
    assert_gone(config, ADDRESS)


def test_what_an_agent_prepared_is_gone_once_it_was_used(agent: PageLintingClient, config: Config) -> None:
    reference, _, _ = open_case(agent)
    with db.begin(config) as session:
        row = session.query(Case).filter_by(reference=reference).one()
        row.prefill = b"what was prepared"
    assert holds(config.data_dir, "what was prepared")
    with db.begin(config) as session:
        session.query(Case).filter_by(reference=reference).one().prefill = None
    assert_gone(config, "what was prepared")


def test_a_report_is_gone_once_it_was_delivered(case: str, app: Flask, config: Config) -> None:
    assert case
    with app.app_context():
        assert outbox.deliver("webhook", lambda delivery: None) == 1
    assert_gone(config, REPORT)


def test_what_time_deletes_is_gone(case: str, app: Flask, config: Config) -> None:
    assert case
    with app.app_context():
        assert purging.purge(config, datetime.now(UTC) + timedelta(days=40))["cases"] == 1
    assert_gone(config, ADDRESS, NOTE, REPORT)


def test_what_a_reader_kept_in_the_log_is_gone_when_the_reader_is(
    case: str, app: Flask, person: PageLintingClient, config: Config
) -> None:
    assert case
    with closing(sqlite3.connect(config.data_dir / "wizard.sqlite3")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM cases").fetchall()
        began = datetime.now(UTC)
        assert post(person, "/join/delete", page="/join/stored").status_code == 303
        assert datetime.now(UTC) - began < timedelta(seconds=3), "the person waits for no reader"
        assert holds(config.data_dir, NOTE) == [NOTE]
    here = background.of(app)
    here.duties = {"log": replace(here.duties["log"], seconds=lambda _config: 1)}
    here.look()
    here.wait(60)
    assert_gone(config, ADDRESS, NOTE, REPORT)


def test_what_is_counted_only_empties_no_log(app: Flask, config: Config) -> None:
    with db.begin(config) as session:
        session.add(Delivery(id="1", target="t", reference="", body={}, state="dead", tries=0, due_at=datetime.now(UTC),
                             created_at=datetime.now(UTC), problem=""))  # fmt: skip
    with app.app_context():
        app.extensions["limits"].give_back("nobody")
    assert not db.log_is_empty(config)


def test_the_columns_whose_change_forgets_something_are_there() -> None:
    names = {column.name for table in Base.metadata.tables.values() for column in table.columns}
    assert {"address", "prefill", "report", "totp_secret"} <= names
