"""The words for stages: one set for page, terminal, API and helpdesk."""

from __future__ import annotations

from webapp.core.probe import KINDS, STAGES
from webapp.core.probe.connection import Refusal
from webapp.core.probe.report import CIRCLE_STAGES, FailureKind, Protocol, Stage, Status
from webapp.core.stages import FAILURE_LABELS, PROTOCOL_LABELS, STAGE_LABELS, STATUS_LABELS, facts
from webapp.core.text import translations_for


def test_every_word_has_a_label() -> None:
    named = {stage for stages in STAGES.values() for stage in stages} | {stage for _, stage in CIRCLE_STAGES}
    assert STAGE_LABELS.keys() == named
    assert STATUS_LABELS.keys() == set(Status)
    assert PROTOCOL_LABELS.keys() == set(Protocol)
    assert FAILURE_LABELS.keys() == set(FailureKind)


def test_a_stage_of_both_protocols_reads_the_same() -> None:
    pop3, smtp = KINDS[Protocol.POP3], KINDS[Protocol.SMTP]
    assert [pop3[stage].label for stage in pop3 if stage in smtp] == [smtp[s].label for s in pop3 if s in smtp]


def test_facts_say_in_words_what_the_probe_keeps_as_an_id() -> None:
    refusals = [str(Refusal("192.0.2.1", FailureKind.TIMED_OUT))]
    stage = Stage(
        Protocol.POP3, "connect", "pop.gmx.net", 995, Status.FAILED, detail={"refusals": refusals, "step": "tls"}
    )
    told = " ".join(facts(stage, translations_for("de"), "de"))
    assert "192.0.2.1 (keine rechtzeitige Antwort)" in told
    assert "Aufgehört bei: Verschlüsseln" in told
    assert "timed_out" not in told
