"""The steps of the wizard as data. Path, guard, way back and progress are all derived from `STEPS`.

What has a default that loses nothing is no step: `ADJUSTMENTS` are asked only of who wants to change it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webapp.core.account import KEEP_FOREVER, ServerType
from webapp.core.clients import CLIENTS
from webapp.core.text import N_
from webapp.web.wizard import answers as store
from webapp.web.wizard import forms, programs
from webapp.web.wizard.answers import Answers


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
    """An address that is none of our providers' by its domain: mistyped, another brand's, or unknown to us."""
    if answers.certainty not in ("other-brand", "unknown"):
        return None
    if answers["address"].get("suggestion"):
        return "typo"
    return "elsewhere"


def _platform_page(answers: Answers) -> str | None:
    return "elsewhere" if answers["platform"].get("provider") == "none" else None


def _program_page(answers: Answers) -> str | None:
    """A program that the person must find out first, or one that is no more: nothing can be set up in that."""
    if answers["program"].get("client") == programs.UNKNOWN:
        return "unknown"
    client = CLIENTS.get(answers.client or "")
    return "ended" if client is not None and client.ended else None


def _needs_preparation(answers: Answers) -> bool:
    """Whether the provider has something to switch on, or a password of its own for programs."""
    provider = store.provider_of(answers)
    return bool(provider.activation or provider.app_password)


def _preparation_page(answers: Answers) -> str | None:
    """The way to an app password, for the few who need one."""
    needed = answers.two_factor == "yes" and store.provider_of(answers).app_password
    return "app-password" if needed and not _confirmed(answers, "preparation") else None


def _devices_page(answers: Answers) -> str | None:
    """With several devices: first the word on IMAP, then the list of the devices."""
    if answers["devices"].get("devices") != "several":
        return None
    if not _confirmed(answers, "devices"):
        return "imap"
    return None if answers["devices"].get("listed") else "list"


def _retention_page(answers: Answers) -> str | None:
    """Before anything is deleted, a page that says what; with several devices and time, the plan."""
    if _confirmed(answers, "retention") or answers.wished == KEEP_FOREVER:
        return None
    return "plan" if len(answers.devices) > 1 and answers.wished.leave_messages_on_server else "danger"


def _by_pop(answers: Answers) -> bool:
    return not answers.by_imap


def _has_choice(answers: Answers) -> bool:
    """Whether both POP3 and IMAP can be had: from the provider, and in the program."""
    client = CLIENTS.get(answers.client or "")
    has_imap = store.provider_of(answers).imap is not None
    return has_imap and (client is None or (client.speaks_pop and client.by_hand))


def _has_other_port(answers: Answers) -> bool:
    client = CLIENTS.get(answers.client or "")
    sending = store.provider_of(answers).servers_of(ServerType.SMTP)
    return len(sending) > 1 and (client is None or client.sends)


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
        "preparation",
        N_("Preparation at %(provider)s"),
        forms.PreparationForm,
        _needs_preparation,
        stops=_preparation_page,
    ),
)

ADJUSTMENTS: tuple[Step, ...] = (
    Step("protocol", N_("POP or IMAP"), forms.ProtocolForm, _has_choice),
    Step(
        "retention",
        N_("What stays at %(provider)s"),
        forms.RetentionForm,
        _by_pop,
        stops=_retention_page,
        fits=lambda answers: answers.keeps_what_can_be,
    ),
    Step("devices", N_("Devices"), forms.DevicesForm, _by_pop, stops=_devices_page),
    Step("name", N_("Your name"), forms.NameForm),
    Step(
        "outlook-profile",
        N_("Outlook profile"),
        forms.OutlookProfileForm,
        lambda answers: answers.client == "outlook" and not answers.by_imap,
    ),
    Step("port", N_("Sending"), forms.PortForm, _has_other_port),
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


def is_complete(answers: Answers) -> bool:
    return all(step.is_answered(answers) for step in applicable(answers))


def before(step: Step, answers: Answers) -> Step | None:
    """Return the step before `step` on this person's path, or None for the first."""
    taken = applicable(answers)
    index = taken.index(step)
    return taken[index - 1] if index else None
