"""A pasted report on the site."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.client import PageLintingClient, parse, text_of
from tests.support.reports import A_REPORT, SHAPE, TEXT, as_json
from webapp.core.diagnosis import report_to_text
from webapp.core.probe.report import Failure, FailureKind, Report, RunState, Stage, Status
from webapp.infrastructure.config import Config

REPORTS = "/reports"


def failed(reply: str = "-ERR authentication failed") -> Report:
    stages = tuple(
        replace(
            stage, status=Status.FAILED, failure=Failure(FailureKind.AUTHENTICATION_FAILED, "AUTH", reply)
        ) if stage.stage == "authenticate" else stage
        for stage in A_REPORT.stages
    )  # fmt: skip
    return replace(A_REPORT, stages=stages, state=RunState.FAILED, login=True, password_sent=True)


@pytest.mark.parametrize("text", [as_json(failed()), report_to_text(failed(), (), "en")], ids=["json", "text"])
def test_a_pasted_report_is_explained_like_a_test_of_the_site(client: PageLintingClient, text: str) -> None:
    page = client.told(client.submit(client.get(REPORTS), {"report": text}))
    assert page.status_code == 200
    assert "GMX hat die Anmeldung abgelehnt" in page.text
    assert "-ERR authentication failed" in page.text
    assert "von einem eigenen Computer aus" in page.text
    assert "24. November 2026 um 08:30 Uhr" in page.text
    assert "Kennung für den Kundendienst: 7KQ2M9XA" in page.text
    assert "hilfe.gmx.net" in page.text
    assert "nicht gesendet" not in page.text


def test_a_report_of_success_says_so(client: PageLintingClient) -> None:
    page = client.submit(client.get(REPORTS), {"report": TEXT}).text
    assert "Alles funktioniert" in page
    assert "Ihr Passwort wurde nicht gesendet" in page


def test_a_file_is_read_in_the_place_of_the_text(client: PageLintingClient) -> None:
    file = (io.BytesIO(json.dumps(SHAPE).encode()), "report.json")
    page = client.told(client.submit(client.get(REPORTS), {"file": file}))
    assert page.status_code == 200
    assert "Alles funktioniert" in page.text


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_time_at_the_end_of_all_times_is_refused_and_no_fault(client: PageLintingClient, time: str) -> None:
    page = client.told(client.submit(client.get(REPORTS), {"report": json.dumps({**SHAPE, "started_at": time})}))
    assert page.status_code == 422


def test_the_answer_stays_in_another_language(client: PageLintingClient) -> None:
    page = client.submit(client.get(f"{REPORTS}?lang=de"), {"report": as_json(failed())})
    languages = next(nav for nav in parse(page.text).iter("nav") if nav.get("aria-label") == "Sprache")
    assert text_of(languages).split() == ["Deutsch", "English"]
    other = client.submit(page, form="English")
    assert "GMX refused the login" in other.text
    assert "-ERR authentication failed" in other.text
    assert "GMX hat die Anmeldung abgelehnt" in client.submit(other, form="Deutsch").text


def test_a_report_full_of_umlauts_stays_in_another_language_too(client: PageLintingClient) -> None:
    failure = Failure(FailureKind.AUTHENTICATION_FAILED, "AUTH", "-ERR " + "ü" * 450)
    stages = tuple(replace(stage, status=Status.FAILED, failure=failure) for stage in A_REPORT.stages)
    long = replace(failed(), stages=stages)
    page = client.submit(client.get(f"{REPORTS}?lang=de"), {"report": as_json(long)})
    assert "Was der Bericht sagt" in page.text
    assert "What the report says" in client.submit(page, form="English").text


def test_speaks_english_too(client: PageLintingClient) -> None:
    page = client.submit(client.get(f"{REPORTS}?lang=en"), {"report": as_json(failed())})
    assert "GMX refused the login" in page.text


def test_what_cannot_be_read_is_asked_for_once_more_and_waits_in_no_cookie(client: PageLintingClient) -> None:
    answer = client.submit(client.get(REPORTS), {"report": "hallo CANARY4711"})
    with client.session_transaction() as session:
        assert "CANARY4711" not in repr(dict(session))
    page = client.told(answer)
    assert page.status_code == 422
    assert "Als Text beginnt er mit" in page.text
    assert "CANARY4711" not in page.text
    assert "Fügen Sie ihn noch einmal ein" in page.text
    assert "<title>Fehler: Bericht erklären lassen" in page.text


def test_nothing_sent_is_asked_for(client: PageLintingClient) -> None:
    page = client.told(client.submit(client.get(REPORTS), {"report": "", "file": (io.BytesIO(b""), "")}))
    assert page.status_code == 422
    assert "Fügen Sie einen Bericht ein" in page.text


def test_what_a_server_said_is_shown_as_text(client: PageLintingClient) -> None:
    page = client.told(
        client.submit(client.get(REPORTS), {"report": as_json(failed("-ERR <script>alert(1)</script> & more"))})
    )
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page.text


def test_a_file_that_is_no_text_is_refused(client: PageLintingClient) -> None:
    page = client.told(client.submit(client.get(REPORTS), {"file": (io.BytesIO(b"\x89PNG\xff\x00"), "x.png")}))
    assert page.status_code == 422
    assert "Das ist kein Text" in page.text


def test_more_than_a_form_may_hold_is_refused(client: PageLintingClient) -> None:
    page = client.told(client.submit(client.get(REPORTS), {"report": "x" * 70_000}))
    assert page.status_code == 413


def test_a_form_without_its_token_is_refused(client: PageLintingClient) -> None:
    assert client.post(REPORTS, data={"report": TEXT}).status_code == 400


def test_nothing_of_a_report_is_kept(client: PageLintingClient, config: Config) -> None:
    canary = "CANARY4711"
    page = client.told(client.submit(client.get(REPORTS), {"report": as_json(failed(f"-ERR {canary}"))}))
    assert canary in page.text
    with client.session_transaction() as session:
        assert canary not in repr(dict(session))
    for file in Path(config.data_dir).rglob("*"):
        assert file.is_dir() or canary.encode() not in file.read_bytes()


def test_a_stage_that_did_not_run_is_shown_as_such(client: PageLintingClient) -> None:
    from dataclasses import replace

    stages: tuple[Stage, ...] = tuple(replace(s, status=Status.SKIPPED, milliseconds=None) for s in A_REPORT.stages)
    page = client.submit(
        client.get(REPORTS), {"report": as_json(replace(A_REPORT, stages=stages, state=RunState.INTERRUPTED))}
    )
    assert "Diese Prüfung war nicht zu Ende" in page.text
    assert "nicht geprüft" in page.text
