"""Files for many people: who may, what a table becomes, and that nothing of it stays readable or stays at all."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from tests.helpdesk.conftest import Browser, add_agent, fragment, post, sign_in, token_of
from tests.support.client import PageLintingClient
from tests.support.waiting import wait_until
from webapp import create_app
from webapp.core.bulk import Result, read_table, write_exports
from webapp.core.clients import ExportOptions
from webapp.core.providers import load
from webapp.core.text import InputError
from webapp.helpdesk import agents, bulk_jobs, purging
from webapp.infrastructure import db
from webapp.infrastructure.config import TABLE_BYTES_MAX, TABLE_CODES_MAX, TABLE_ROWS_MAX, Config
from webapp.infrastructure.models import Agent, AuditEntry, BulkJob

TABLE = "address,client,name,keep,room\nanna@gmx.de,outlook,Anna Beispiel,14,7\njan@gmx.net,thunderbird,,,8\nx,outlook,,,9\n"


def give(client: PageLintingClient, table: str | bytes, **fields: str) -> Any:
    content = table.encode() if isinstance(table, str) else table
    data = {"csrf_token": token_of(client, "/helpdesk/bulk"), "locale": "de", **fields}
    return client.told(client.post("/helpdesk/bulk", data={**data, "table": (io.BytesIO(content), "people.csv")}))


def give_whole(client: PageLintingClient, table: bytes) -> Any:
    """Give a table that is so long that the client of the tests would put it into a file."""
    field = 'Content-Disposition: form-data; name="{}"'
    parts = [
        (field.format("csrf_token"), token_of(client, "/helpdesk/bulk").encode()),
        (field.format("locale"), b"de"),
        (field.format("table") + '; filename="people.csv"', table),
    ]
    body = (
        b"".join(b"--x\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n" for head, content in parts) + b"--x--\r\n"
    )
    return client.post("/helpdesk/bulk", data=body, content_type="multipart/form-data; boundary=x")


def finished(client: PageLintingClient, answer: Any) -> str:
    """Wait for the job of a 303 and return its path."""
    assert answer.status_code == 303, answer.text
    path: str = answer.headers["Location"]
    wait_until(lambda: "data-poll" not in client.get(path).text)
    return path


@pytest.fixture(autouse=True)
def no_job_outlives_its_test() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if thread.name == "bulk":
            thread.join(30)


def test_a_table_becomes_a_zip_like_the_one_of_the_command(admin: PageLintingClient, config: Config) -> None:
    path = finished(admin, give(admin, TABLE))
    page = admin.get(path).text
    assert "2 Dateien sind fertig." in page
    assert "1 Zeile hat keine Datei" in page
    assert "room" in page
    got = admin.get(f"{path}/files")
    assert (got.mimetype, got.headers["Content-Disposition"]) == ("application/zip", "attachment; filename=gmx-pop.zip")
    expected = io.BytesIO()
    options = ExportOptions(locale="de", host=config.public_host, organization=config.operator_name)
    write_exports(read_table(io.BytesIO(TABLE.encode())), expected, load(), options)
    assert got.data == expected.getvalue()
    rows = csv.reader(io.StringIO(zipfile.ZipFile(io.BytesIO(got.data)).read("index.csv").decode("utf-8-sig")))
    assert [row[1] for row in rows] == ["Ergebnis", "OK", "OK", "keine Datei"]


def test_the_example_is_a_table_of_which_every_row_has_a_file(admin: PageLintingClient) -> None:
    example = admin.get("/helpdesk/bulk/example.csv").data
    page = admin.get(finished(admin, give(admin, example))).text
    assert "3 Dateien sind fertig." in page
    assert "keine Datei" not in page


def test_columns_and_programs_are_called_as_people_call_them(admin: PageLintingClient) -> None:
    page = admin.get("/helpdesk/bulk").text
    assert "„Adresse“ und „Programm“ müssen sein, die anderen können: Absendername, behalten, " in page
    assert (
        admin.get("/helpdesk/bulk/example.csv")
        .data.decode("utf-8-sig")
        .startswith("Adresse;Absendername;Programm;behalten")
    )
    table = "Mailadresse;Vor- und Nachname;E-Mail-Programm;Behalten;Port\n"
    table += "anna@gmx.de;Anna;Outlook (klassisch);immer;465\njan@gmx.de;Jan;K-9 Mail;14;587\n"
    assert "2 Dateien sind fertig." in admin.get(finished(admin, give(admin, table))).text


def test_what_many_rows_lack_is_said_once(admin: PageLintingClient) -> None:
    page = admin.get(finished(admin, give(admin, "Adresse,Programm\na@gmx.de,outlook\nb@gmx.de,\nc@gmx.de,\n"))).text
    assert page.replace("\u2011", "-").count("Das E-Mail-Programm fehlt.") == 1
    assert "<td>3, 4</td>" in page


def test_the_files_are_in_the_chosen_language(admin: PageLintingClient) -> None:
    path = finished(admin, give(admin, TABLE, locale="en"))
    assert "README.txt" in zipfile.ZipFile(io.BytesIO(admin.get(f"{path}/files").data)).namelist()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"", "Die erste Zeile muss die Spalten nennen"),
        ("name\nAnna\n", "Die erste Zeile muss die Spalten nennen"),
        ("address,client\n", "keine Zeile"),
        (b"PK\x03\x04" + b"x" * 40, "CSV UTF-8"),
        ('address,client\nanna@gmx.de,"outlook\n', "Zeile 2"),
        ("address,client\n" + "a@gmx.de,outlook\n" * (TABLE_ROWS_MAX + 1), "mehr als 10000 Zeilen"),
        (
            "address,client,format\n" + "a@gmx.de,thunderbird-android,QR-PNG\n" * (TABLE_CODES_MAX + 1),
            "mehr als 300 Zeilen",
        ),
    ],
)
def test_what_is_no_table_is_refused_at_once(admin: PageLintingClient, table: str | bytes, words: str) -> None:
    answer = give(admin, table)
    assert answer.status_code == 422
    assert words in re.sub(r"<[^>]+>", "", answer.text)
    assert 'class="error-summary"' in answer.text


def test_a_form_without_a_table_says_so(admin: PageLintingClient) -> None:
    answer = admin.told(admin.submit(admin.get("/helpdesk/bulk"), {}, form="Dateien erstellen"))
    assert answer.status_code == 422
    assert "Wählen Sie die Datei mit der Tabelle." in answer.text


def test_a_table_that_is_too_large_is_refused_with_a_sentence(admin: PageLintingClient) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="table"; filename="people.csv"\r\n\r\n'
    body = head + b"x" * (TABLE_BYTES_MAX + 200_000) + b"\r\n--x--\r\n"
    answer = admin.post("/helpdesk/bulk", data=body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert "größer als 1 MB" in answer.text


def test_a_table_just_above_the_limit_is_not_cut(admin: PageLintingClient, config: Config) -> None:
    row = "anna@gmx.de,outlook," + "x" * 200 + "\n"
    table = ("address,client,room\n" + row * (TABLE_BYTES_MAX // len(row) + 1)).encode()
    assert TABLE_BYTES_MAX < len(table) < TABLE_BYTES_MAX + 1000
    answer = give_whole(admin, table)
    assert answer.status_code == 413
    assert "größer als 1 MB" in answer.text


def test_what_is_uploaded_touches_no_disk(admin: PageLintingClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    for name in ("TemporaryFile", "SpooledTemporaryFile", "NamedTemporaryFile"):
        monkeypatch.setattr(f"werkzeug.formparser.{name}", refuse, raising=False)
    row = "anna@gmx.de,outlook," + "x" * 900 + "\n"
    assert give_whole(admin, ("address,client,room\n" + row * 800).encode()).status_code == 303  # 700 kB


def test_no_table_is_taken_without_a_token_of_the_form(admin: PageLintingClient, config: Config) -> None:
    data = {"locale": "de", "table": (io.BytesIO(TABLE.encode()), "people.csv")}
    assert admin.post("/helpdesk/bulk", data=data).status_code == 400
    with db.read(config) as session:
        assert session.query(BulkJob).count() == 0


def test_who_may_is_said_by_an_administrator(
    admin: PageLintingClient, agent: PageLintingClient, config: Config
) -> None:
    with db.read(config) as session:
        vera = session.query(Agent).filter_by(login="vera@example.org").one().id
    assert "/helpdesk/bulk" not in agent.get("/helpdesk").text
    assert give_status(agent) == 403
    assert post(admin, f"/helpdesk/agents/{vera}/allow-bulk", page="/helpdesk/agents").status_code == 303
    assert "/helpdesk/bulk" in agent.get("/helpdesk").text
    finished(agent, give(agent, TABLE))
    assert post(admin, f"/helpdesk/agents/{vera}/forbid-bulk", page="/helpdesk/agents").status_code == 303
    assert give_status(agent) == 403
    with db.read(config) as session:
        actions = [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.id)]
    assert [action for action in actions if action.startswith("bulk")] == [
        "bulk-allowed",
        "bulk-made",
        "bulk-forbidden",
    ]


def give_status(client: PageLintingClient) -> int:
    data = {"csrf_token": token_of(client, "/helpdesk"), "table": (io.BytesIO(TABLE.encode()), "people.csv")}
    return client.post("/helpdesk/bulk", data=data).status_code  # type: ignore[no-any-return]


def test_another_agents_files_are_not_there(admin: PageLintingClient, agent: PageLintingClient, config: Config) -> None:
    agents.allow_bulk(config, "vera@example.org")
    path = finished(admin, give(admin, TABLE))
    for end in ("", "/files", "/progress"):
        assert fragment(agent, path + end).status_code == 404
    assert post(agent, f"{path}/delete", page="/helpdesk/bulk").status_code == 404
    assert admin.get(f"{path}/files").status_code == 200


def test_the_database_holds_no_address_and_no_name(admin: PageLintingClient, config: Config) -> None:
    finished(admin, give(admin, TABLE))
    db.dispose()
    for file in config.data_dir.glob("wizard.sqlite3*"):
        content = file.read_bytes()
        assert not [word for word in (b"anna@gmx", b"Anna Beispiel", b"jan@gmx", b"PK\x03\x04") if word in content]


def test_deleting_is_at_once_and_time_deletes_too(admin: PageLintingClient, app: Flask, config: Config) -> None:
    path = finished(admin, give(admin, TABLE))
    assert post(admin, f"{path}/delete", page=path).headers["Location"] == "/helpdesk/bulk"
    assert admin.get(path).status_code == 404
    path = finished(admin, give(admin, TABLE))
    now = datetime.now(UTC)
    with app.app_context():
        assert purging.purge(config, now + timedelta(minutes=59))["bulk"] == 0
    assert sign_in(admin, "olga@example.org").status_code == 303  # an hour is too long for a session
    assert admin.get(path).status_code == 200
    with app.app_context():
        assert purging.purge(config, now + timedelta(minutes=61))["bulk"] == 1
    assert sign_in(admin, "olga@example.org").status_code == 303
    assert admin.get(path).status_code == 404


def running(config: Config, login: str, seen_at: datetime) -> str:
    """Write down a job that is said to be running."""
    with db.begin(config) as session:
        owner = session.query(Agent).filter_by(login=login).one().id
        session.add(
            BulkJob(
                id="A" * 22, agent_id=owner, state="running", created_at=seen_at, seen_at=seen_at, rows=9, done=4, bad=0
            )
        )
    return f"/helpdesk/bulk/{'A' * 22}"


def test_a_running_job_shows_how_far_it_is_and_lets_no_second_one_begin(
    admin: PageLintingClient, config: Config
) -> None:
    path = running(config, "olga@example.org", datetime.now(UTC))
    page = admin.get(path).text
    assert "4 von 9 Zeilen" in page
    assert '<progress value="4" max="9"' in page
    assert admin.get(f"{path}/files").status_code == 404
    answer = fragment(admin, f"{path}/progress")
    assert "4 von 9 Zeilen" in answer.text
    again = fragment(admin, f"{path}/progress", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.text) == (304, "")
    answer = give(admin, TABLE)
    assert answer.status_code == 422
    assert "noch in Arbeit" in answer.text


def test_a_job_whose_process_has_died_reads_as_interrupted(admin: PageLintingClient, config: Config) -> None:
    path = running(config, "olga@example.org", datetime.now(UTC) - timedelta(minutes=2))
    page = admin.get(path).text
    assert "Das wurde unterbrochen" in page
    assert "data-poll" not in page
    finished(admin, give(admin, TABLE))


def test_a_job_that_is_deleted_stops(admin: PageLintingClient, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_jobs, "TELL_SECONDS", 0)
    rows = []

    def slow(*arguments: Any, **values: Any) -> Any:
        *others, on_result = arguments

        def and_delete(result: Result) -> None:
            rows.append(result.row.number)
            if len(rows) == 2:
                with db.begin(config) as session:
                    session.query(BulkJob).delete()
            on_result(result)

        return write_exports(*others, and_delete, **values)

    monkeypatch.setattr(bulk_jobs, "write_exports", slow)
    path = give(admin, TABLE).headers["Location"]
    wait_until(lambda: admin.get(path).status_code == 404)
    assert rows == [2, 3]


def test_a_fault_of_ours_is_told_as_interrupted_and_names_nobody(
    admin: PageLintingClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no files today")

    monkeypatch.setattr(bulk_jobs, "write_exports", broken)
    path = finished(admin, give(admin, TABLE))
    assert "Das wurde unterbrochen" in admin.get(path).text
    assert "bulk failed" in caplog.text


def test_a_full_disk_is_told_in_the_log_alone_and_reads_as_interrupted(
    admin: PageLintingClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What a thread raises would go past the log that names nobody."""
    change, raised = bulk_jobs._change, list[object]()

    def full(job_id: str, **values: object) -> bool:
        if "state" in values:
            raise OperationalError("UPDATE", {}, sqlite3.OperationalError("database or disk is full"))
        return change(job_id, **values)

    monkeypatch.setattr(threading, "excepthook", raised.append)
    monkeypatch.setattr(bulk_jobs, "_change", full)
    path = give(admin, TABLE).headers["Location"]
    for thread in threading.enumerate():
        if thread.name == "bulk":
            thread.join(30)
    assert not raised
    assert "bulk: the database does not answer: OperationalError" in caplog.text
    monkeypatch.setattr(bulk_jobs, "SILENCE", timedelta(0))
    assert "Das wurde unterbrochen" in admin.get(path).text


def test_signing_out_ends_the_sight_of_it(admin: PageLintingClient, new_browser: Browser) -> None:
    path = finished(admin, give(admin, TABLE))
    stranger = new_browser()
    assert stranger.get(f"{path}/files").status_code == 303
    assert fragment(stranger, f"{path}/progress").status_code == 401
    assert sign_in(stranger, "olga@example.org").status_code == 303
    assert stranger.get(f"{path}/files").status_code == 200


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_two_presses_of_the_button_at_once_begin_one_job(
    config: Config, database: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database == "postgresql":
        config = replace(config, database_url=request.getfixturevalue("postgres_url"))
        db.upgrade(config)
    app, agent_id = create_app(config), add_agent(config, "olga@example.org", "Olga", "admin")
    looked, look = threading.Barrier(2), bulk_jobs._of_agent
    answers: list[str] = []

    def look_together(*values: Any) -> Any:
        found = look(*values)
        with suppress(threading.BrokenBarrierError):  # whoever is alone here waits in vain
            looked.wait(1)
        return found

    def press() -> None:
        with app.app_context():
            try:
                bulk_jobs.begin(agent_id, "olga@example.org", TABLE.encode(), "de")
                answers.append("begun")
            except InputError:
                answers.append("refused")

    monkeypatch.setattr(bulk_jobs, "_of_agent", look_together)
    monkeypatch.setattr(bulk_jobs, "_run", lambda *_: None)  # the job stays under way
    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["begun", "refused"]
