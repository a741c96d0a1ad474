"""The flow as data, with steps made for the test and with the real ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.account import KEEP_FOREVER
from webapp.core.clients import CLIENTS
from webapp.core.providers import load
from webapp.web.wizard import forms, programs
from webapp.web.wizard.answers import Answers
from webapp.web.wizard.steps import ADJUSTMENTS, STEPS, Step, applicable, before, is_complete, path

FAKE = (
    Step("first", "First", forms.StepForm),
    Step(
        "maybe", "Maybe", forms.StepForm, applies=lambda answers: bool(answers["first"].get("more")),
        decided_by="first",
    ),
    Step(
        "stop", "Stop", forms.StepForm,
        stops=lambda a: "danger" if a["stop"].get("risky") and not a["stop"].get("confirmed") else None,
    ),
    Step("last", "Last", forms.StepForm),
)  # fmt: skip


def slugs(steps: tuple[Step, ...]) -> list[str]:
    return [step.slug for step in steps]


def test_the_path_ends_at_the_first_unanswered_step() -> None:
    assert slugs(path(Answers(), FAKE)) == ["first"]
    assert slugs(path(Answers({"first": {}}), FAKE)) == ["first", "stop"]
    assert slugs(path(Answers({"first": {"more": True}}), FAKE)) == ["first", "maybe"]


def test_an_answer_that_must_be_confirmed_holds_the_person_there() -> None:
    answers = Answers({"first": {}, "stop": {"risky": True}})
    assert slugs(path(answers, FAKE)) == ["first", "stop"]
    assert FAKE[2].stop(answers) == "danger"
    assert slugs(path(answers.confirmed("stop"), FAKE)) == ["first", "stop", "last"]
    assert slugs(path(answers.confirmed("stop").unconfirmed("stop"), FAKE)) == ["first", "stop"]


def test_the_slugs_are_the_pinned_ones() -> None:
    assert slugs(STEPS) == ["address", "platform", "program", "preparation"]
    assert slugs(ADJUSTMENTS) == ["protocol", "retention", "devices", "name", "outlook-profile", "port"]


PROGRAMS = [option.value for _, options in programs.groups() for option in options]


@pytest.fixture(scope="module", autouse=True)
def _providers() -> Iterator[None]:
    """Whether there is something to prepare depends on the provider."""
    app = Flask("steps")
    app.extensions["providers"] = SimpleNamespace(known=load)
    with app.app_context():
        yield


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "address": st.fixed_dictionaries(
            {"email_address": st.just("a@gmx.com"), "providers": st.just(["gmx.com", "gmx.net"]),
             "certainty": st.sampled_from(["certain", "ambiguous", "confirm", "unknown", "other-brand"]),
             "suggestion": st.sampled_from(["", "a@gmx.net"])}
        ),
        "platform": st.fixed_dictionaries({"provider": st.sampled_from(["gmx.net", "none"])}),
        "program": st.fixed_dictionaries(
            {"client": st.sampled_from([*CLIENTS, "unknown"]), "device": st.sampled_from(["windows", "mac", None]),
             "confirmed": st.booleans()}
        ),
        "outlook-profile": st.just({"profile": "new"}),
        "devices": st.fixed_dictionaries(
            {"devices": st.sampled_from(["one", "several"]), "confirmed": st.booleans(),
             "listed": st.booleans(),
             "others": st.lists(
                 st.fixed_dictionaries({"name": st.text(max_size=20), "program": st.sampled_from([*PROGRAMS, ""])}),
                 max_size=5)}
        ),
        "retention": st.fixed_dictionaries(
            {"keep": st.sampled_from(["forever", "1", "14", "99", "delete"]), "confirmed": st.booleans()}
        ),
        "preparation": st.fixed_dictionaries(
            {"two_factor": st.sampled_from(["yes", "no"]), "confirmed": st.booleans()}
        ),
    },
)  # fmt: skip


@given(ANSWERS)
def test_no_answers_lead_into_a_dead_end_and_back_undoes_next(given_answers: dict[str, Any]) -> None:
    answers = Answers(given_answers)
    open_steps = path(answers)
    assert open_steps
    assert open_steps[0] is STEPS[0]
    for step, following in itertools.pairwise(open_steps):
        assert before(following, answers) is step
    assert is_complete(answers) == all(step.is_answered(answers) for step in applicable(answers))


@given(ANSWERS)
def test_complete_answers_name_everything_that_the_last_page_needs(given_answers: dict[str, Any]) -> None:
    answers = Answers(given_answers)
    if is_complete(answers):
        assert answers.provider_id
        assert answers.client in CLIENTS
        assert len(answers.plan.devices) == len(answers.devices) >= 1
        assert answers.retention == answers.plan.devices[0].retention
        if answers.retention != KEEP_FOREVER:
            assert given_answers["retention"]["confirmed"], "deletes what nobody has agreed to"
