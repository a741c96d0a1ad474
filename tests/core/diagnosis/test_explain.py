"""Every failure is explained, on both protocols, from both vantages, and nothing is told that cannot be known."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.support.told import CATALOGUE as TOLD
from webapp.core import providers
from webapp.core.diagnosis import CATALOGUE, Diagnosis, diagnose, explain
from webapp.core.probe import STAGES
from webapp.core.probe.report import Failure, FailureKind, Protocol, Report, Stage, Status, Vantage
from webapp.core.text import Message, translations_for

PROVIDERS = providers.load()
NETWORK_KINDS = {
    FailureKind.UNRESOLVED, FailureKind.REFUSED, FailureKind.UNREACHABLE, FailureKind.TIMED_OUT,
    FailureKind.CONNECTION_LOST, FailureKind.TLS_FAILED, FailureKind.TLS_VERSION, FailureKind.PLAINTEXT_ON_TLS_PORT,
    FailureKind.WRONG_PROTOCOL, FailureKind.STARTTLS_MISSING, FailureKind.STARTTLS_INJECTED,
}  # fmt: skip
ABOUT_A_REFUSED_LOGIN = {
    "login-refused", "login-refused-for-sending", "app-password-needed", "old-password-saved", "mailbox-refused",
}  # fmt: skip
ONLY_FROM_THIS_COMPUTER = {
    "port-blocked", "captive-portal", "other-server-answered", "local-scanner", "broken-ipv6", "clock-wrong",
    "name-not-found", "connection-interrupted", "no-authorities", "only-port-110", "only-port-587",
}  # fmt: skip
EVERY_PLACE = [(protocol, stage) for protocol, stages in STAGES.items() for stage in stages]


def a_stage(
    kind: FailureKind | None,
    *,
    protocol: Protocol = Protocol.POP3,
    stage: str = "connect",
    reply: str | None = None,
    code: str | None = None,
) -> Stage:
    failure = kind and Failure(kind, code, reply)
    return Stage(protocol, stage, "pop.gmx.net", 995, Status.FAILED, 12.0, failure=failure)


def a_report(*stages: Stage, vantage: Vantage = Vantage.THIS_COMPUTER) -> Report:
    return Report("7KQ2M9XA", "anna@gmx.de", "gmx.net", vantage, True, datetime(2026, 11, 24, tzinfo=UTC), stages)


def ids(report: Report) -> list[str]:
    return [diagnosis.id for diagnosis in explain(report)]


def every_text(diagnosis: Diagnosis) -> list[Message]:
    return [diagnosis.title, diagnosis.why, *diagnosis.advice, diagnosis.say, diagnosis.ask]


@pytest.mark.parametrize("vantage", Vantage)
@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_is_explained_wherever_it_happens(kind: FailureKind, vantage: Vantage) -> None:
    for protocol, stage in EVERY_PLACE:
        (found,) = explain(a_report(a_stage(kind, protocol=protocol, stage=stage), vantage=vantage))
        assert vantage in found.vantages
        assert (found.id == "unknown-cause") == (kind is FailureKind.UNEXPECTED), f"{protocol} {stage}: {found.id}"


@pytest.mark.parametrize("vantage", Vantage)
def test_a_failure_without_a_kind_is_explained_too(vantage: Vantage) -> None:
    assert ids(a_report(a_stage(None), vantage=vantage)) == ["unknown-cause"]


def test_the_last_entry_is_the_one_that_matches_everything() -> None:
    assert list(CATALOGUE)[-1] == "unknown-cause"


@pytest.mark.parametrize(("kind", "vantage"), list(itertools.product(sorted(NETWORK_KINDS), Vantage)))
def test_trouble_on_the_way_is_never_told_as_a_refused_login(kind: FailureKind, vantage: Vantage) -> None:
    for protocol, stage in EVERY_PLACE:
        assert not ABOUT_A_REFUSED_LOGIN & set(
            ids(a_report(a_stage(kind, protocol=protocol, stage=stage), vantage=vantage))
        )


@pytest.mark.parametrize("vantage", Vantage)
def test_a_refused_login_is_never_told_as_trouble_on_the_way(vantage: Vantage) -> None:
    for protocol in Protocol:
        refused = a_stage(FailureKind.AUTHENTICATION_FAILED, protocol=protocol, stage="authenticate")
        assert set(ids(a_report(refused, vantage=vantage))) <= ABOUT_A_REFUSED_LOGIN


def test_our_server_tells_nothing_of_the_person_s_own_computer_or_network() -> None:
    for kind, (protocol, stage) in itertools.product(FailureKind, EVERY_PLACE):
        for reply in (None, "HTTP/1.1 302 Found"):
            seen = ids(a_report(a_stage(kind, protocol=protocol, stage=stage, reply=reply), vantage=Vantage.SERVER))
            assert not ONLY_FROM_THIS_COMPUTER & set(seen)
    for name in ONLY_FROM_THIS_COMPUTER:
        assert CATALOGUE[name].vantages == {Vantage.THIS_COMPUTER}


def test_the_texts_told_from_our_server_blame_no_scanner_and_no_router() -> None:
    for diagnosis in CATALOGUE.values():
        if diagnosis.vantages == {Vantage.SERVER}:
            told = " ".join(str(text) for text in every_text(diagnosis))
            assert not re.search(r"scanner|router|firewall", told), diagnosis.id


def test_one_cause_in_both_protocols_is_told_once() -> None:
    report = a_report(
        a_stage(FailureKind.UNRESOLVED, stage="resolve"),
        a_stage(FailureKind.UNRESOLVED, stage="resolve", protocol=Protocol.SMTP),
    )
    assert ids(report) == ["name-not-found"]


def test_two_causes_are_told_in_the_order_of_the_stages() -> None:
    report = a_report(
        a_stage(FailureKind.MAILBOX_IN_USE, stage="authenticate"),
        a_stage(FailureKind.TIMED_OUT, protocol=Protocol.SMTP),
    )
    assert ids(report) == ["mailbox-in-use", "port-blocked"]


@pytest.mark.parametrize("status", [Status.PENDING, Status.RUNNING, Status.SKIPPED, Status.PASSED])
def test_a_stage_that_did_not_fail_has_no_cause(status: Status) -> None:
    skipped = replace(a_stage(FailureKind.AUTHENTICATION_FAILED, stage="authenticate"), status=status)
    assert ids(a_report(skipped)) == []


def test_a_refused_login_brings_the_whole_checklist_in_its_order() -> None:
    (found,) = explain(
        a_report(a_stage(FailureKind.AUTHENTICATION_FAILED, stage="authenticate", reply="-ERR authentication failed")),
        PROVIDERS["gmx.net"],
    )
    assert found.id == "login-refused"
    steps = [step.translated(translations_for("de")) for step in found.advice]
    wanted = (
        "POP3 eingeschaltet", "Authentifizierungs-App", "Passwort im Browser", "eigene Server", "gesperrt", "FairEmail",
    )  # fmt: skip
    assert len(steps) == len(wanted)
    for step, word in zip(steps, wanted, strict=True):
        assert word in step


def test_a_refused_login_claims_no_single_cause() -> None:
    told = " ".join(text.translated(translations_for("de")) for text in every_text(TOLD["login-refused"]))
    assert "Vielleicht hat GMX Ihr Postfach gesperrt." in told
    assert not re.search(r"(?<!Vielleicht )hat GMX Ihr Postfach gesperrt", told)
    assert not re.search(r"Passwort (?:ist falsch|stimmt nicht)", told)


def test_no_text_says_whether_the_password_was_sent() -> None:
    """Only the report knows it, so only `password_sent` may say it."""
    for diagnosis in TOLD.values():
        for text in every_text(diagnosis):
            german = text.translated(translations_for("de"))
            assert not re.search(r"password (?:was|has been|is) (?:not )?(?:sent|transmitted)", str(text)), text
            assert not re.search(r"nicht (?:gesendet|übertragen)", german), german


@pytest.mark.parametrize(
    ("reply", "stage", "kind", "told"),
    [
        ("550 Requested action not taken: mailbox unavailable / Sender address is not allowed", "rcpt",
         FailureKind.REJECTED_SENDER, "sender-not-allowed"),
        ("550 Requested action not taken: mailbox unavailable / Sender address is not allowed", "rcpt",
         FailureKind.PERMANENTLY_REFUSED, "sender-not-allowed"),
        ("550 Requested action not taken: mailbox unavailable / Failure sending mail. Try again later", "rcpt",
         FailureKind.PERMANENTLY_REFUSED, "sending-paused"),
        ("550 Requested action not taken: mailbox unavailable", "rcpt", FailureKind.PERMANENTLY_REFUSED,
         "recipient-refused"),
        ("554 Transaction failed / Reject due to policy restrictions. / For explanation visit …", "rset",
         FailureKind.PERMANENTLY_REFUSED, "message-refused"),
        ("554 gmx.net (mxgmx016) Nemesis ESMTP Service not available / No SMTP service / IP address is block listed.",
         "greeting", FailureKind.PERMANENTLY_REFUSED, "address-blocked"),
        ("421 gmx.net Nemesis ESMTP Service not available / Requested action aborted: local error in processing",
         "greeting", FailureKind.TEMPORARILY_UNAVAILABLE, "gmx-busy"),
        ("421 Rate limit reached", "mail", FailureKind.TEMPORARILY_UNAVAILABLE, "too-many-mails"),
        ("450 Reject due to policy violations", "rcpt", FailureKind.TEMPORARILY_UNAVAILABLE, "too-many-mails"),
        ("451 Requested action aborted: local error in processing", "mail", FailureKind.TEMPORARILY_UNAVAILABLE,
         "sending-refused-for-now"),
        ("503 Bad sequence of commands", "mail", FailureKind.PERMANENTLY_REFUSED, "encryption-mismatch"),
        ("552 Mailbox quota exceeded", "rcpt", FailureKind.PERMANENTLY_REFUSED, "mailbox-full"),
    ],
)  # fmt: skip
def test_gmx_s_own_words_are_understood(reply: str, stage: str, kind: FailureKind, told: str) -> None:
    """Rows 4 to 12 and 20 of what GMX is known to say."""
    assert ids(a_report(a_stage(kind, protocol=Protocol.SMTP, stage=stage, reply=reply))) == [told]


def test_a_web_page_in_place_of_the_greeting_is_a_network_that_wants_a_sign_in() -> None:
    page = a_stage(FailureKind.WRONG_PROTOCOL, stage="greeting", reply="HTTP/1.1 302 Found")
    assert ids(a_report(page)) == ["captive-portal"]
    assert ids(a_report(page, vantage=Vantage.SERVER)) == ["answer-unexpected"]


@pytest.mark.parametrize(
    ("stage", "status", "detail", "told"),
    [
        ("tls", Status.PASSED, {"days_left": 13}, ["certificate-expires-soon"]),
        ("tls", Status.PASSED, {"days_left": 14}, []),
        ("connect", Status.WARNING, {"address": "192.0.2.1", "refusals": ["2001:db8::1 timed_out"]}, ["broken-ipv6"]),
        ("connect", Status.WARNING, {"address": "192.0.2.1", "refusals": ["192.0.2.9 refused"]}, []),
        ("connect", Status.WARNING, {"address": "2001:db8::2", "refusals": ["2001:db8::1 refused"]}, []),
        ("uidl", Status.WARNING, {"count": 20_000}, ["mailbox-very-large"]),
        ("uidl", Status.WARNING, {"supported": False}, ["no-message-numbers"]),
        ("uidl", Status.PASSED, {"count": 20_000}, []),
    ],
)
def test_what_is_worth_knowing_is_told_though_nothing_failed(
    stage: str, status: Status, detail: dict[str, str | int | bool | list[str]], told: list[str]
) -> None:
    seen = Stage(Protocol.POP3, stage, "pop.gmx.net", 995, status, 12.0, detail)
    assert ids(a_report(seen)) == told


def test_broken_ipv6_is_not_told_from_our_server() -> None:
    detail = {"address": "192.0.2.1", "refusals": ["2001:db8::1 timed_out"]}
    seen = Stage(Protocol.POP3, "connect", "pop.gmx.net", 995, Status.WARNING, 12.0, detail)
    assert diagnose(seen, Vantage.THIS_COMPUTER) is CATALOGUE["broken-ipv6"]
    assert diagnose(seen, Vantage.SERVER) is None


def test_failures_are_told_before_what_is_only_worth_knowing() -> None:
    soon = Stage(Protocol.POP3, "tls", "pop.gmx.net", 995, Status.PASSED, 12.0, {"days_left": 1})
    lost = a_stage(FailureKind.MAILBOX_IN_USE, stage="authenticate")
    assert ids(a_report(soon, lost)) == ["mailbox-in-use", "certificate-expires-soon"]


def test_the_texts_name_the_servers_of_the_person_s_provider() -> None:
    report = a_report(a_stage(FailureKind.CERTIFICATE_WRONG_HOST, stage="tls"))
    (international,) = explain(report, PROVIDERS["gmx.com"])
    (german,) = explain(report, PROVIDERS["gmx.net"])
    assert "pop.gmx.com" in str(international.advice[0])
    assert "pop.gmx.net" in str(german.advice[0])


@pytest.mark.parametrize("diagnosis", list(TOLD.values()), ids=TOLD)
def test_an_entry_is_complete(diagnosis: Diagnosis) -> None:
    assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", diagnosis.id)
    assert diagnosis.advice
    assert str(diagnosis.ask).endswith("?")
    assert diagnosis.vantages
    if diagnosis.see:
        assert str(PROVIDERS["gmx.net"].help_link(diagnosis.see, "de")).startswith("https://")


@pytest.mark.parametrize("diagnosis", list(TOLD.values()), ids=TOLD)
def test_an_entry_speaks_german_a_frightened_person_can_act_on(diagnosis: Diagnosis) -> None:
    for message in every_text(diagnosis):
        text = message.translated(translations_for("de"))
        assert text != str(message), "not translated"
        assert not re.search(
            r"\b(?:bitte|leider|ungültig\w*|Entschuldigung|Client|User|Error)\b", text, re.IGNORECASE
        ), text
        assert not re.search(r"\b(?:du|dein\w*|dir)\b", text), text
        for sentence in re.split(r"(?<=[.!?:])\s", text):
            assert len(sentence.split()) <= 34, f"too long a sentence: {sentence}"
