"""What the result page shows of a run."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from webapp.connection_tests.engine import Plan
from webapp.connection_tests.progress import Run
from webapp.core import probe, providers
from webapp.core.account import FETCH_AND_DELETE, KEEP_FOREVER, Retention
from webapp.core.probe.report import Failure, FailureKind, Mailbox, Protocol, Stage, Status
from webapp.core.probe.report import RunState as S
from webapp.core.stages import FACTS, facts
from webapp.core.text import Message, Translations, translations_for
from webapp.infrastructure.limits import Allowance
from webapp.web.connection_tests import results
from webapp.web.wizard.answers import Answers

DE, EN = translations_for("de"), translations_for("en")
GMX = providers.load()


@pytest.fixture
def run() -> Run:
    return Plan("gmx.net", "anna@gmx.de", login=True).run("run", GMX)


def stage(name: str, status: Status = Status.PASSED, **detail: object) -> Stage:
    return Stage(Protocol.POP3, name, "pop.gmx.net", 995, status, 12.4, detail)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("sent", [True, False])
def test_every_state_has_a_text_of_its_own_that_lies_not_about_the_password(run: Run, state: S, sent: bool) -> None:
    told = results.headline(replace(run, state=state, report=replace(run.report, password_sent=sent)))
    title, text = told.title.translated(DE), told.text.translated(DE)
    assert title
    if sent:
        assert "nicht gesendet" not in text
        assert "nichts an GMX" not in text or state is S.EXPIRED
    others = {results.headline(replace(run, state=s)).title.text for s in S if s is not state}
    assert told.title.text not in others


def test_says_the_facts_of_a_stage_in_the_persons_words() -> None:
    tls = stage("tls", version="TLSv1.3", cipher="X", not_after="2027-03-14", days_left=100, names=["a", "b"])
    assert facts(tls, DE, "de") == ("Verschlüsselung TLSv1.3", "Zertifikat gültig bis 14.03.2027")
    assert facts(tls, EN, "en") == ("Encryption TLSv1.3", "Certificate valid until 14 March 2027")
    assert "Namen darin: a, b" in facts(replace(tls, status=Status.FAILED), DE, "de")
    assert facts(stage("ehlo", size=69920427), DE, "de") == ("Nimmt E-Mails bis 69,9 MB an",)
    assert facts(stage("stat", messages=1284, octets=1), DE, "de") == ("1.284 E-Mails", "Zusammen 0,1 MB")
    assert facts(stage("stat", messages=1, octets=0), EN, "en") == ("1 message", "0.0 MB in all")
    assert facts(stage("uidl", supported=False), EN, "en") == ("The server gives no list",)
    assert facts(stage("connect", address="192.0.2.1", refusals=["2001:db8::1 timed_out"]), EN, "en") == (
        "Address 192.0.2.1",
        "Could not be reached: 2001:db8::1 (no answer in time)",
    )


def test_knows_a_word_for_every_fact_that_the_probe_finds() -> None:
    source = "".join(path.read_text() for path in Path(probe.__path__[0]).glob("*.py"))

    found = set(re.findall(r'(?:Found\(\{|self\._shown\(\{|detail: Detail = \{|detail\[)"(\w+)"', source))
    assert found
    assert found <= set(FACTS)


def test_shows_only_the_stages_that_concern_this_person(run: Run) -> None:
    without_login = Plan("gmx.net", "anna@gmx.de").run("run", GMX).report
    labels = [line.label for server in results.servers(without_login, DE, "de") for line in server.lines]
    assert "Anmelden" not in labels
    labels = [line.label for server in results.servers(run.report, DE, "de") for line in server.lines]
    assert labels.count("Anmelden") == 2


def test_names_what_a_failure_kept_from_being_tested(run: Run) -> None:
    report = run.report
    for old in report.stages:
        status = Status.SKIPPED
        failure = None
        if (old.protocol, old.stage) == (Protocol.POP3, "authenticate"):
            status, failure = Status.FAILED, Failure(FailureKind.AUTHENTICATION_FAILED)
        report = report.with_stage(replace(old, status=status, failure=failure))
    told = results.unchecked(results.servers(report, EN, "en"))
    assert told[0].startswith("Receiving (POP3): ")
    assert "Count the messages, List the messages" in told[0]
    assert "Switch encryption on" not in told[0]
    assert results.login_refused(report)
    assert results.servers(report, EN, "en")[0].state is Status.FAILED


@pytest.mark.parametrize(
    ("messages", "octets", "expected"),
    [
        (5, 47919, "weniger als eine Minute"),
        (1284, 80_000_000, "etwa 4 Minuten"),
        (20_000, 9_000_000_000, "etwa 3 Stunden"),
        (600, 0, "etwa 1 Minute"),
    ],
)
def test_estimates_the_first_fetch(messages: int, octets: int, expected: str) -> None:
    told = results.waiting(Mailbox(messages, octets), "de")
    assert told is not None
    assert told.duration.translated(DE) == expected


def translated(message: Message, translations: Translations) -> str:
    """Return the sentence as a page of GMX says it."""
    return replace(message, values={**message.values, "provider": "GMX"}).translated(translations)


def test_warns_of_what_the_first_fetch_deletes() -> None:
    many, none = Mailbox(1284, 80_000_000), Mailbox(0, 0)
    told = results.deletion(many, FETCH_AND_DELETE, "de")
    assert told is not None
    assert translated(told, DE) == "1.284 E-Mails werden nach dem Abholen bei GMX gelöscht. Wollen Sie das?"
    told = results.deletion(Mailbox(1, 10), Retention(True, 14), "en")
    assert told is not None
    assert translated(told, EN) == "1 message will be deleted at GMX 14 days after it was fetched. Do you want that?"
    assert results.deletion(many, KEEP_FOREVER, "de") is None
    assert results.deletion(none, FETCH_AND_DELETE, "de") is None
    assert results.deletion(None, FETCH_AND_DELETE, "de") is None
    assert results.waiting(none, "de") is None


@pytest.mark.parametrize(
    ("certainty", "provider", "other"),
    [("ambiguous", "gmx.com", "gmx.net"), ("ambiguous", "gmx.net", "gmx.com"), ("confirm", "gmx.net", "gmx.com"),
     ("certain", "gmx.net", None)],
)  # fmt: skip
def test_knows_the_other_platform_only_where_the_domain_leaves_it_open(
    certainty: str, provider: str, other: str | None
) -> None:
    answers = Answers(
        {
            "address": {"email_address": "a@gmx.com", "providers": [provider], "certainty": certainty},
            "platform": {"provider": provider},
        }
    )
    found = results.other_provider(answers, GMX)
    assert (found and found.id) == other


def test_counts_what_is_left_and_tells_how_old_a_shared_result_is(run: Run) -> None:
    assert results.attempts(None) is None
    left = results.attempts(Allowance(2))
    assert left is not None
    assert left.translated(DE) == "Sie können die Anmeldung noch 2 Mal prüfen."
    none = results.attempts(Allowance(0))
    assert none is not None
    assert none.translated(DE).startswith("Im Moment")
    now = time.time()
    ended = replace(run, state=S.PASSED, ended_at=now - 12.5)
    assert results.seconds_ago(ended, now) is None
    assert results.seconds_ago(replace(ended, shared=True), now) == 12
