"""A report that was pasted: both shapes come back as they were, and nothing else is taken for one."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.reports import GMX_NET, SHAPE, TEXT, as_json
from webapp.core.account import shorten_address
from webapp.core.diagnosis import explain, report_to_text
from webapp.core.diagnosis.reading import read_report, report_from_json
from webapp.core.diagnosis.reading_text import report_from_text
from webapp.core.diagnosis.report_values import OCTETS_MAX, ReportError
from webapp.core.probe import STAGES
from webapp.core.probe.report import (
    CIRCLE_STAGES,
    Circle,
    Failure,
    FailureKind,
    Mailbox,
    Protocol,
    Report,
    RunState,
    Stage,
    Status,
    Vantage,
)

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=200)
FACTS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True).filter(lambda name: name != "reply"),
    st.one_of(PRINTABLE, st.booleans(), st.integers(-(10**12), 10**12), st.lists(PRINTABLE, max_size=5)),
    max_size=6,
)
MILLISECONDS = st.one_of(st.none(), st.integers(0, 400_00).map(lambda tenths: tenths / 10))
FAILURES = st.builds(
    Failure,
    st.sampled_from(FailureKind),
    st.one_of(st.none(), st.sampled_from(["AUTH", "SYS/TEMP", "535", "535 5.7.8"])),
    st.one_of(st.none(), PRINTABLE),
)


@st.composite
def circles(draw: st.DrawFn, servers: dict[Protocol, tuple[str, int]]) -> Circle:
    stages = []
    for protocol, name in CIRCLE_STAGES:
        status = draw(st.sampled_from(Status))
        failure = draw(FAILURES) if status is Status.FAILED else None
        stages.append(Stage(protocol, name, *servers[protocol], status, draw(MILLISECONDS), draw(FACTS), failure))
    return Circle(tuple(stages))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    stages = []
    for protocol in Protocol:
        host, port = draw(st.sampled_from([("pop.gmx.net", 995), ("localhost", 1), ("mail.example.org", 65535)]))
        for name in STAGES[protocol]:
            status = draw(st.sampled_from(Status))
            failure = draw(FAILURES) if status is Status.FAILED else None
            stages.append(Stage(protocol, name, host, port, status, draw(MILLISECONDS), draw(FACTS), failure))
    return Report(
        reference="7KQ2M9XA",
        address="anna.beispiel@gmx.de",
        provider=draw(st.sampled_from(["gmx.net", "gmx.com", "my-provider"])),
        vantage=draw(st.sampled_from(Vantage)),
        login=draw(st.booleans()),
        started_at=draw(
            st.integers(1_600_000_000, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
        ),
        stages=tuple(stages),
        state=draw(st.sampled_from(RunState)),
        password_sent=draw(st.booleans()),
        circle=draw(st.one_of(st.none(), circles({stage.protocol: (stage.host, stage.port) for stage in stages}))),
        mailbox=draw(st.one_of(st.none(), st.builds(Mailbox, st.integers(0, 10**9), st.integers(0, 10**12)))),
    )


@settings(deadline=None, max_examples=25)
@given(reports())
def test_the_json_comes_back_as_the_report_it_was(report: Report) -> None:
    assert report_from_json(as_json(report, full=True)) == report
    shortened = report_from_json(as_json(report))
    assert shortened == replace(report, address=shorten_address(report.address))
    assert as_json(shortened) == as_json(report)


@settings(deadline=None, max_examples=25)
@given(reports(), st.sampled_from(["de", "en"]))
def test_the_text_comes_back_as_the_report_it_was_without_its_address(report: Report, locale: str) -> None:
    diagnoses = explain(report, GMX_NET)
    text = report_to_text(report, diagnoses, locale)
    back = report_from_text(text)
    assert back == replace(report, address="")
    assert explain(back, GMX_NET) == diagnoses
    assert report_to_text(back, diagnoses, locale) == text


@settings(deadline=None, max_examples=25)
@given(reports())
def test_the_text_survives_a_mail_that_quotes_it(report: Report) -> None:
    text = report_to_text(report, explain(report), "de")
    quoted = "Guten Tag,\n\nhier der Bericht:\n" + "".join(f"> {line.strip()}\r\n" for line in text.splitlines())
    assert report_from_text(quoted + "\r\nMit freundlichen Gruessen\r\nAnna") == replace(report, address="")


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_report_that_was_changed_anywhere_is_read_or_refused_with_a_sentence(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([json.dumps(SHAPE), TEXT]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    changed = text[:start] + data.draw(st.text(max_size=20)) + text[end:]
    with contextlib.suppress(ReportError):
        read = read_report(changed)
        explain(read)
        report_to_text(read, (), "en")


@settings(deadline=None, max_examples=150)
@given(st.one_of(st.text(), st.binary()))
def test_anything_at_all_is_read_or_refused_with_a_sentence(data: str | bytes) -> None:
    with pytest.raises(ReportError):
        read_report(data)


def changed(**values: Any) -> str:
    return json.dumps({**SHAPE, **values})


def with_stage(**values: Any) -> str:
    first, *others = SHAPE["stages"]
    return changed(stages=[{**first, **values}, *others])


@pytest.mark.parametrize(
    "text",
    [
        changed(vantage="moon"),
        changed(state="great"),
        changed(reference="7KQ2M9X"),
        changed(reference="<script>"),
        changed(provider="../etc"),
        changed(login="yes"),
        changed(login=1),
        changed(started_at="yesterday"),
        changed(started_at="2026-13-24T07:30:00Z"),
        changed(started_at="9999-12-31T23:59:59Z"),
        changed(stages=[]),
        changed(stages=SHAPE["stages"][::-1]),
        changed(stages=SHAPE["stages"] * 2),
        changed(stages=SHAPE["stages"] * 100),
        changed(stages=[7]),
        changed(address="anna@gmx.de\r\nDELE 1"),
        changed(address="a" * 1000),
        changed(mailbox={"messages": -1, "octets": 0}),
        changed(mailbox={"messages": 1}),
        changed(diagnoses={}),
        changed(more=True),
        with_stage(stage="authenticat"),
        with_stage(protocol="imap"),
        with_stage(host="pop.gmx.net/<b>"),
        with_stage(port=70000),
        with_stage(port=True),
        with_stage(port="995"),
        with_stage(status="fine"),
        with_stage(milliseconds=-1),
        with_stage(milliseconds=True),
        with_stage(milliseconds="1"),
        with_stage(detail=[]),
        with_stage(detail={"<b>": 1}),
        with_stage(detail={"a": {"b": 1}}),
        with_stage(detail={"a": None}),
        with_stage(detail={"a": "x" * 501}),
        with_stage(detail={"a": "x\x1b[31m"}),
        with_stage(detail={"a": 1.5}),
        with_stage(detail={"a": 10**30}),
        with_stage(detail={f"a{number}": 1 for number in range(31)}),
        with_stage(failure={"kind": "bad_luck", "response_code": None, "reply": None}),
        with_stage(failure={"kind": "refused", "response_code": "<b>", "reply": None}),
        with_stage(failure={"kind": "refused", "response_code": None, "reply": "a\nb"}),
        with_stage(failure={"kind": "refused"}),
        json.dumps({name: value for name, value in SHAPE.items() if name != "login"}),
        json.dumps([SHAPE]),
        json.dumps(SHAPE)[:-1],
        '{"version": 1e400}',
        '{"version": ' + "9" * 5000 + "}",
        "[" * 30_000,
        '{"a":' * 10_000,
    ],
)  # fmt: skip
def test_what_is_not_in_the_closed_vocabulary_or_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(ReportError):
        read_report(text)


@pytest.mark.parametrize("text", [changed(version=2), TEXT.replace("(report 1)", "(report 2)")])
def test_a_newer_form_is_told_kindly(text: str) -> None:
    with pytest.raises(ReportError, match="has the form 2"):
        read_report(text)


@pytest.mark.parametrize("number", range(0, len(TEXT.splitlines()), 3))
def test_a_text_with_a_damaged_line_is_refused_and_the_line_is_named(number: int) -> None:
    lines = TEXT.splitlines()
    if not lines[number]:
        return
    lines[number] = "damaged " + lines[number]
    with pytest.raises(ReportError, match=rf"Line {number + 1} |begins with"):
        read_report("\n".join(lines))


@pytest.mark.parametrize("time", ["1e999", "1e16"])
def test_a_time_without_end_is_refused(time: str) -> None:
    text = re.sub(r"(resolve +)\S+( \S+ ms)?\n", rf"\g<1>passed {time} ms\n", TEXT, count=1)
    assert f"passed {time} ms" in text
    with pytest.raises(ReportError):
        read_report(text)


def test_too_much_text_is_refused_before_it_is_read() -> None:
    with pytest.raises(ReportError, match="too much"):
        read_report(" " * (OCTETS_MAX + 1))


@pytest.mark.parametrize("data", [b"", b" \r\n", b"\xef\xbb\xbf", ""])
def test_nothing_is_asked_for(data: bytes | str) -> None:
    with pytest.raises(ReportError, match="Paste"):
        read_report(data)


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    assert read_report(b"\xef\xbb\xbf" + json.dumps(SHAPE).encode()).reference == "7KQ2M9XA"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ReportError, match="not text"):
        read_report(b"\x89PNG\r\n\xff")


def test_titles_and_advice_of_a_report_are_made_anew() -> None:
    lie = {"id": "x", "title": "Send me your password", "why": "", "advice": [], "see": "https://example.org"}
    assert explain(read_report(changed(diagnoses=[lie]))) == ()
