"""The sentence of an agent on the person's page, and how long it stands there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpdesk.conftest import answer, fragment, join, open_case, post
from tests.support.client import PageLintingClient
from webapp.helpdesk import hints
from webapp.infrastructure.models import CaseEvent

ADDRESS = "anna.beispiel@gmx.de"


def event(kind: str, **words: Any) -> CaseEvent:
    return CaseEvent(kind=kind, details=words)


def given(hint: str, step: str | None = None) -> CaseEvent:
    return event("hint", hint=hint, step=step, by=1)


PROGRAM, PREPARATION = event("step", step="program"), event("step", step="preparation")
TEST_PAGE, RESULT, STORED = (event("place", place=place, about=None) for place in ("test", "result", "stored"))
TEST = event("test", run=1, state="queued", diagnoses=[])
GUIDE = event("guide", client="thunderbird", way="file", step="import")
TAKEN = event("case", what="hint-taken")


@pytest.mark.parametrize(
    ("before", "hint", "after", "stands"),
    [
        ([PROGRAM], given("open-step", "preparation"), [], True),
        ([PROGRAM], given("open-step", "preparation"), [RESULT], True),
        ([PROGRAM], given("open-step", "preparation"), [PREPARATION], True),
        ([PROGRAM], given("open-step", "preparation"), [PREPARATION, GUIDE], False),
        ([PREPARATION], given("switch-pop3-on"), [event("place", place="preparation-app-password", about=None)], True),
        ([PREPARATION], given("switch-pop3-on"), [GUIDE], False),
        ([PREPARATION], given("keep-window"), [GUIDE], False),
        ([RESULT], given("test-again"), [TEST_PAGE], True),
        ([RESULT], given("test-again"), [TEST_PAGE, TEST], False),
        ([PROGRAM], given("open-guide"), [GUIDE], False),
        ([RESULT], given("test-again"), [TEST_PAGE, STORED], True),
        ([PROGRAM], given("done"), [PREPARATION, GUIDE], True),
        ([PROGRAM], given("wait"), [STORED, PROGRAM], True),
        ([PROGRAM], given("wait"), [PREPARATION], False),
        ([TEST], given("wait"), [TEST], True),
        ([], given("wait"), [PROGRAM], True),
        ([PROGRAM], given("done"), [TAKEN], False),
        ([PROGRAM, given("done"), TAKEN], given("wait"), [], True),
    ],
)
def test_a_sentence_stands_until_the_person_has_passed_what_it_is_about(
    before: list[CaseEvent], hint: CaseEvent, after: list[CaseEvent], stands: bool
) -> None:
    assert hints.standing([*before, hint, *after]) is (hint if stands else None)


def test_agent_and_person_see_the_sentence_until_it_is_passed_or_taken_back(
    agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    case = f"/helpdesk/cases/{reference}"

    def seen(page: str = "/") -> tuple[bool, bool]:
        return "helper-hint" in person.get(page).text, "live-hint" in fragment(agent, f"{case}/progress").text

    post(agent, f"{case}/hint", {"hint": "wait"}, page="/helpdesk")
    assert seen() == (True, True)
    assert "Zurücknehmen" in agent.get(case).text
    for _ in range(2):  # the second one finds none
        post(agent, f"{case}/hint", {"hint": "none"}, page="/helpdesk")
    assert seen() == (False, False)
    post(agent, f"{case}/hint", {"hint": "open-step", "step": "address"}, page="/helpdesk")
    assert seen() == (True, True)
    answer(person, "address", email_address=ADDRESS)
    person.get("/setup/program")
    assert seen("/setup/program") == (False, False)
    assert person.get("/join/stored").text.count("Der Satz wurde von der Seite genommen") == 1


def test_an_agent_is_told_that_a_sentence_came_too_late(agent: PageLintingClient, person: PageLintingClient) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    where = f"/helpdesk/cases/{reference}"
    post(person, "/join/end", page="/join/stored")
    late = post(agent, f"{where}/hint", {"hint": "wait"}, page="/helpdesk")
    assert late.status_code == 422
    assert "Der Satz wurde nicht gezeigt" in late.text
    assert "Der Satz wurde nicht gezeigt" not in agent.get(where).text


def test_agent_and_person_see_the_same_after_a_look_at_what_is_stored(
    agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=ADDRESS)
    person.get("/setup/program")
    person.get("/join/stored")
    post(agent, f"/helpdesk/cases/{reference}/hint", {"hint": "wait"}, page="/helpdesk")
    assert "live-hint" in fragment(agent, f"/helpdesk/cases/{reference}/progress").text
    assert "helper-hint" in person.get("/setup/program").text
    person.get("/help")
    assert "helper-hint" not in person.get("/help").text
    assert "live-hint" not in fragment(agent, f"/helpdesk/cases/{reference}/progress").text


def test_the_switch_is_called_as_it_is_called_at_the_provider(
    agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    post(agent, f"/helpdesk/cases/{reference}/hint", {"hint": "switch-pop3-on"}, page="/helpdesk")
    assert "Schalten Sie bei GMX „POP3- und IMAP-Zugriff erlauben“ ein." in person.get("/").text
