"""The steps of the wizard as data. Path, guard, way back and “step 3 of 6” are all derived from `STEPS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webapp.text import N_
from webapp.wizard import forms
from webapp.wizard.answers import Answers


def _always(answers: Answers) -> bool:
    return True


def _never(answers: Answers) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Step:
    """One question. `slug` is URL, template and answers key.

    applies: whether this person is asked at all.
    stops: whether the answer leads to a page that must be confirmed before it takes effect; its template is
    `<slug>-stop.html`.
    """

    slug: str
    title: str
    form: type[forms.StepForm]
    applies: Callable[[Answers], bool] = _always
    stops: Callable[[Answers], bool] = _never

    def is_answered(self, answers: Answers) -> bool:
        return self.slug in answers and not self.is_stopped(answers)

    def is_stopped(self, answers: Answers) -> bool:
        return self.slug in answers and self.stops(answers) and not answers[self.slug].get("confirmed")


STEPS: tuple[Step, ...] = (
    Step("address", N_("E-mail address"), forms.AddressForm),
    Step("platform", N_("Site"), forms.PlatformForm, lambda answers: answers.certainty != "certain"),
    Step(
        "program",
        N_("E-mail program"),
        forms.ProgramForm,
        stops=lambda answers: answers["program"].get("client") == "unknown",
    ),
    Step(
        "outlook-profile",
        N_("Outlook profile"),
        forms.OutlookProfileForm,
        lambda answers: answers.client == "outlook",
    ),
    Step(
        "devices",
        N_("Devices"),
        forms.DevicesForm,
        stops=lambda answers: answers["devices"].get("devices") == "several",
    ),
    Step(
        "retention",
        N_("On GMX’s server"),
        forms.RetentionForm,
        stops=lambda answers: answers["retention"].get("keep") == "delete" and answers.several_devices,
    ),
    Step("preparation", N_("Preparation at GMX"), forms.PreparationForm),
    Step("review", N_("Check your answers"), forms.ReviewForm),
)


def applicable(answers: Answers, steps: Sequence[Step] = STEPS) -> tuple[Step, ...]:
    """Return every step this person takes, answered or not."""
    return tuple(step for step in steps if step.applies(answers))


def path(answers: Answers, steps: Sequence[Step] = STEPS) -> tuple[Step, ...]:
    """Return the steps this person may open: the answered ones, and the first that is not."""
    open_steps = []
    for step in applicable(answers, steps):
        open_steps.append(step)
        if not step.is_answered(answers):
            break
    return tuple(open_steps)


def is_complete(answers: Answers, steps: Sequence[Step] = STEPS) -> bool:
    return all(step.is_answered(answers) for step in applicable(answers, steps))


def before(step: Step, answers: Answers, steps: Sequence[Step] = STEPS) -> Step | None:
    """Return the step before `step` on this person's path, or None for the first."""
    taken = applicable(answers, steps)
    index = taken.index(step)
    return taken[index - 1] if index else None
