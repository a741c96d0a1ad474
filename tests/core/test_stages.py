"""The words for stages: one set for page, terminal, API and helpdesk."""

from __future__ import annotations

from webapp.core.probe import KINDS, STAGES
from webapp.core.probe.report import CIRCLE_STAGES, Protocol, Status
from webapp.core.stages import PROTOCOL_LABELS, STAGE_LABELS, STATUS_LABELS


def test_every_word_has_a_label() -> None:
    named = {stage for stages in STAGES.values() for stage in stages} | {stage for _, stage in CIRCLE_STAGES}
    assert STAGE_LABELS.keys() == named
    assert STATUS_LABELS.keys() == set(Status)
    assert PROTOCOL_LABELS.keys() == set(Protocol)


def test_a_stage_of_both_protocols_reads_the_same() -> None:
    pop3, smtp = KINDS[Protocol.POP3], KINDS[Protocol.SMTP]
    assert [pop3[stage].label for stage in pop3 if stage in smtp] == [smtp[s].label for s in pop3 if s in smtp]
