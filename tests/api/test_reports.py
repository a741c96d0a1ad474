"""A report explained, and many files at once."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from flask.testing import FlaskClient

from tests.api.test_calls import API, problem
from tests.support.reports import SHAPE
from webapp.api import keys
from webapp.api.problems import Kind
from webapp.infrastructure.config import TABLE_BYTES_MAX, Config, Scope

TABLE = "address,client,name,keep\nanna@gmx.de,outlook,Anna,14\nbert@freenet.de,thunderbird,,\n"


@pytest.fixture
def bulk_key(settings: Config) -> str:
    return f"Bearer {keys.add(settings, 'bulk', frozenset({Scope.BULK}))}"


def test_a_report_comes_back_with_diagnoses_made_anew(client: FlaskClient) -> None:
    failure = {"kind": "certificate_expired", "response_code": None, "reply": None}
    stages = [
        {**stage, "status": "failed", "failure": failure} if stage["stage"] == "tls" else stage
        for stage in SHAPE["stages"]
    ]
    false = [{"id": "x", "title": "<b>", "why": "", "advice": [], "see": None}]
    given = {**SHAPE, "stages": stages, "state": "failed", "passed": False, "diagnoses": false}
    response = client.post(f"{API}/reports?locale=en", json=given)
    assert response.status_code == 200, response.text
    shape = response.json
    assert (shape["reference"], shape["stages"]) == (SHAPE["reference"], stages)
    assert "<b>" not in response.text
    assert shape["diagnoses"]
    german = client.post(f"{API}/reports", json=given).json
    assert [d["id"] for d in german["diagnoses"]] == [d["id"] for d in shape["diagnoses"]]
    assert german["diagnoses"] != shape["diagnoses"]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"", b"nonsense", b"\xff", b'{"version": 2}'])
def test_what_is_no_report_is_refused(client: FlaskClient, body: bytes) -> None:
    problem(client.post(f"{API}/reports", data=body, content_type="application/json"), Kind.INVALID_INPUT)
    problem(client.post(f"{API}/reports", data=body, content_type="text/plain"), Kind.WRONG_TYPE)


def test_a_table_becomes_a_zip(client: FlaskClient, bulk_key: str) -> None:
    response = client.post(
        f"{API}/exports?locale=en", data=TABLE, content_type="text/csv", headers={"Authorization": bulk_key}
    )
    assert response.status_code == 200, response.text
    assert (response.headers["Export-Rows"], response.headers["Export-Bad-Rows"]) == ("2", "1")
    archive = zipfile.ZipFile(io.BytesIO(response.data))
    (name,) = [name for name in archive.namelist() if name.endswith(".prf")]
    by_one = client.get(f"{API}/exports/outlook?address=anna@gmx.de&name=Anna&keep=14&locale=en")
    assert archive.read(name) == by_one.data
    assert "bert@freenet.de" in archive.read("index.csv").decode()


def test_a_table_needs_a_key_for_it_and_has_its_bounds(client: FlaskClient, key: str, bulk_key: str) -> None:
    url = f"{API}/exports"
    problem(client.post(url, data=TABLE, content_type="text/csv"), Kind.KEY_NEEDED)
    problem(client.post(url, data=TABLE, content_type="text/csv", headers={"Authorization": key}), Kind.NOT_ALLOWED)
    header = {"Authorization": bulk_key}
    problem(client.post(url, data=TABLE, content_type="text/plain", headers=header), Kind.WRONG_TYPE)
    too_large = b"x" * (TABLE_BYTES_MAX + 1)
    problem(client.post(url, data=too_large, content_type="text/csv", headers=header), Kind.TOO_LARGE)
    for bad in (b"", b"name\nAnna\n", b"\xff\xfe\x00", b"address,address\n"):
        shape = problem(client.post(url, data=bad, content_type="text/csv", headers=header), Kind.INVALID_INPUT)
        assert json.dumps(shape)


def test_a_large_table_is_taken_where_a_form_would_be_refused(client: FlaskClient, bulk_key: str) -> None:
    rows = "".join(f"person{number}@gmx.de,other,,\n" for number in range(3000))
    response = client.post(
        f"{API}/exports", data="address,client,name,keep\n" + rows, content_type="text/csv",
        headers={"Authorization": bulk_key},
    )  # fmt: skip
    assert response.status_code == 200, response.text
    assert (response.headers["Export-Rows"], response.headers["Export-Bad-Rows"]) == ("3000", "0")


def test_the_files_of_many_people_touch_no_disk(
    client: FlaskClient, bulk_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    rows = "".join(f"person{number}@gmx.de,outlook\n" for number in range(2000))
    response = client.post(
        f"{API}/exports", data="address,client\n" + rows, content_type="text/csv", headers={"Authorization": bulk_key}
    )
    assert response.status_code == 200, response.text
    assert len(zipfile.ZipFile(io.BytesIO(response.data)).namelist()) == 2002


def test_an_enormous_archive_is_whole_too(client: FlaskClient, bulk_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.api.exports.IN_MEMORY_MAX", 1000)
    response = client.post(
        f"{API}/exports", data="address,client\n" + "anna@gmx.de,outlook\n" * 50, content_type="text/csv",
        headers={"Authorization": bulk_key},
    )  # fmt: skip
    assert zipfile.ZipFile(io.BytesIO(response.data)).testzip() is None
