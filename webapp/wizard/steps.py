"""The steps of the wizard as data. Path, guard, way back and “step 3 of 6” are all derived from `STEPS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webapp.clients import CLIENTS
from webapp.text import N_
from webapp.wizard import forms
from webapp.wizard.answers import Answers


def _always(answers: Answers) -> bool:
    return True


def _nothing(answers: Answers) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Step:
    """One question. `slug` is URL, template and answers key.

    applies: whether this person is asked at all; decided_by: the step whose answer decides that.
    stops: which page must be passed before the answer takes effect, None for none; its template is
    `<slug>-<page>.html`. `"confirmed": true` in the answer passes it.
    fits: whether an answer given before still is one; a later change of another answer may take it off the offer.
    """

    slug: str
    title: str
    form: type[forms.StepForm]
    applies: Callable[[Answers], bool] = _always
    decided_by: str | None = None
    stops: Callable[[Answers], str | None] = _nothing
    fits: Callable[[Answers], bool] = _always

    def is_answered(self, answers: Answers) -> bool:
        return self.slug in answers and self.fits(answers) and self.stop(answers) is None

    def stop(self, answers: Answers) -> str | None:
        """Return the page that holds the person at this step, or None."""
        return self.stops(answers) if self.slug in answers and self.fits(answers) else None


def _confirmed(answers: Answers, slug: str) -> bool:
    return bool(answers[slug].get("confirmed"))


def _address_page(answers: Answers) -> str | None:
    """An address that is none of GMX's by its domain: mistyped, another brand's, or unknown to us."""
    if answers.certainty not in ("other-brand", "unknown"):
        return None
    if answers["address"].get("suggestion"):
        return "typo"
    return "not-gmx"


def _platform_page(answers: Answers) -> str | None:
    return "not-gmx" if answers["platform"].get("provider") == "none" else None


def _program_page(answers: Answers) -> str | None:
    """A program that the person must find out first, or one that is no more: nothing can be set up in that."""
    client = CLIENTS.get(answers.client or "")
    if client is not None and client.ended:
        return "ended"
    unknown = answers["program"].get("client") == "unknown"
    return "unknown" if unknown and not _confirmed(answers, "program") else None


def _devices_page(answers: Answers) -> str | None:
    """With several devices: first the word on IMAP, then the list of the devices."""
    if answers["devices"].get("devices") != "several":
        return None
    if not _confirmed(answers, "devices"):
        return "imap"
    return None if answers["devices"].get("listed") else "list"


def _retention_page(answers: Answers) -> str | None:
    """Before danger, a warning; with several devices, the plan."""
    if _confirmed(answers, "retention"):
        return None
    if answers["retention"].get("keep") == "delete" and answers.several_devices:
        return "danger"
    return "plan" if len(answers.devices) > 1 else None


STEPS: tuple[Step, ...] = (
    Step("address", N_("E-mail address"), forms.AddressForm, stops=_address_page),
    Step(
        "platform",
        N_("Site"),
        forms.PlatformForm,
        lambda answers: answers.certainty not in ("certain", ""),
        decided_by="address",
        stops=_platform_page,
    ),
    Step("program", N_("E-mail program"), forms.ProgramForm, stops=_program_page),
    Step(
        "outlook-profile",
        N_("Outlook profile"),
        forms.OutlookProfileForm,
        lambda answers: answers.client == "outlook",
        decided_by="program",
    ),
    Step("devices", N_("Devices"), forms.DevicesForm, stops=_devices_page),
    Step(
        "retention",
        N_("On GMX’s server"),
        forms.RetentionForm,
        stops=_retention_page,
        fits=lambda answers: answers.keeps_what_can_be,
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


def is_total_known(answers: Answers, steps: Sequence[Step] = STEPS) -> bool:
    """Return whether the number of steps is sure: every answer that adds or drops one is given."""
    by_slug = {step.slug: step for step in steps}
    return all(by_slug[step.decided_by].is_answered(answers) for step in steps if step.decided_by)
