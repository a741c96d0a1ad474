"""The question of each step: what may be answered, and how the answer is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from webapp.account import DAYS_MAX, DAYS_MIN, Retention, parse_address, parse_name
from webapp.config import current_providers
from webapp.i18n import translate
from webapp.providers import Certainty
from webapp.text import N_, InputError, Message
from webapp.wizard import programs
from webapp.wizard.answers import Answers

CHOOSE = N_("Choose one of the answers")
OTHER_DAYS = "days"
_DAYS = {"low": DAYS_MIN, "high": DAYS_MAX}


def _choices(options: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in options.items()]


class StepForm(FlaskForm):
    """A form whose fields bear the names of the keys in the step's answer."""

    consequences: ClassVar[Mapping[str, str]] = {}  # option → what follows from it, in one line

    def fit(self, answers: Answers) -> None:
        """Offer what fits the answers so far; called before anything is checked or shown."""

    def show(self, answer: Mapping[str, Any]) -> None:
        """Fill the fields with an answer that was kept."""
        for field in self:
            if field.name != "csrf_token" and answer.get(field.name) is not None:
                field.data = answer[field.name]

    def answer(self) -> dict[str, Any]:
        """Return what is kept, plain JSON values only."""
        return {field.name: field.data for field in self if field.name != "csrf_token"}


class Choice(RadioField):
    """Radio buttons of which one must be chosen; none is chosen for the person."""

    def __init__(self, label: str, options: Mapping[str, str], **values: Any) -> None:
        super().__init__(label, choices=_choices(options), validate_choice=False, **values)

    def pre_validate(self, form: Any) -> None:
        if self.data not in {choice.value for choice in self.choices}:
            raise ValidationError(translate(Message(CHOOSE)))


class AddressForm(StepForm):
    email_address = StringField(N_("What is your GMX address?"))
    name = StringField(N_("Your name, as others should see it"))

    def validate_email_address(self, field: StringField) -> None:
        try:
            field.data = parse_address(field.data or "")
        except InputError as error:
            raise ValidationError(translate(error.message)) from None

    def validate_name(self, field: StringField) -> None:
        try:
            field.data = parse_name(field.data or "")
        except InputError as error:
            raise ValidationError(translate(error.message)) from None


class PlatformForm(StepForm):
    """On which site the mail is read: among the candidates, and none of them where GMX itself is not sure."""

    provider = Choice(N_("Which website do you use to read your mail?"), {})
    consequences: ClassVar[Mapping[str, str]] = {
        "gmx.net": N_("Most people in Germany, Austria and Switzerland"),
        "gmx.com": N_("GMX in English and other languages"),
        "none": N_("Your mail then comes from another provider"),
    }

    def fit(self, answers: Answers) -> None:
        providers = current_providers()
        candidates = [providers[id_] for id_ in answers["address"].get("providers", ()) if id_ in providers]
        options = {provider.id: provider.website for provider in candidates}
        if answers.certainty != Certainty.AMBIGUOUS:
            options["none"] = N_("On neither of them") if len(options) > 1 else N_("No, somewhere else")
        self.provider.choices = _choices(options)


class ProgramForm(StepForm):
    program = Choice(N_("Which e-mail program do you use?"), {})

    def fit(self, answers: Answers) -> None:
        self.program.choices = _choices(dict.fromkeys([*programs.values(), programs.UNKNOWN], ""))

    def show(self, answer: Mapping[str, Any]) -> None:
        device = answer.get("device")
        self.program.data = f"{answer.get('client')}:{device}" if device else answer.get("client")

    def answer(self) -> dict[str, Any]:
        client, device = programs.parse(str(self.program.data))
        return {"client": client, "device": device}


class OutlookProfileForm(StepForm):
    profile = Choice(
        N_("Do you already use Outlook with another account?"),
        {
            "existing": N_("No, or GMX should be added to it"),
            "new": N_("Yes, and GMX should stay separate"),
        },
    )
    consequences: ClassVar[Mapping[str, str]] = {
        "existing": N_("Outlook puts GMX beside your other accounts"),
        "new": N_("The right choice with a work or school account"),
    }


class DevicesForm(StepForm):
    devices = Choice(
        N_("Do you read your GMX mail on more than one device?"),
        {
            "one": N_("No, only on this one"),
            "several": N_("Yes, on several"),
            "unsure": N_("I do not know yet"),
        },
    )
    consequences: ClassVar[Mapping[str, str]] = {
        "several": N_("Then we make a plan, so that every device gets every mail"),
        "unsure": N_("Then leave all mail at GMX, so that nothing gets lost"),
    }


class RetentionForm(StepForm):
    """For ever, for a number of days, or not at all; the number has a field of its own beside the quick choices.

    Offers what can come true on the person's devices, by our file or by hand.
    """

    options: ClassVar[Mapping[str, str]] = {
        "forever": N_("Yes, always"),
        "30": N_("Yes, for 30 days"),
        "14": N_("Yes, for 14 days"),
        "7": N_("Yes, for 7 days"),
        OTHER_DAYS: N_("Yes, for another number of days"),
        "delete": N_("No, fetch it and delete it there"),
    }
    keep = Choice(N_("Should your mail also stay at GMX?"), options)
    days = StringField(N_("Number of days (1 to 99)"))
    consequences: ClassVar[Mapping[str, str]] = {
        "forever": N_("Nothing gets lost. You tidy up the mailbox yourself from time to time."),
        "30": N_("After that your mail is only in your program: back it up there."),
        "14": N_("After that your mail is only in your program: back it up there."),
        "7": N_("After that your mail is only in your program: back it up there."),
        "delete": N_("Your mail will be in one place only: on this device."),
    }

    def fit(self, answers: Answers) -> None:
        offered = answers.choices
        if offered is not None:
            values = ["forever", *map(str, offered.numbers)]
            values += [OTHER_DAYS] if offered.any_number else []
            values += ["delete"] if offered.delete else []
            self.keep.choices = _choices({value: self.options[value] for value in values})

    def show(self, answer: Mapping[str, Any]) -> None:
        keep = answer.get("keep")
        offered = {choice.value for choice in self.keep.choices}
        if keep in offered or keep is None:
            self.keep.data = keep
        elif OTHER_DAYS in offered and keep != "delete":
            self.keep.data, self.days.data = OTHER_DAYS, keep

    def validate(self, extra_validators: Any = None) -> bool:
        if not self.keep.data and (self.days.data or "").strip():  # whoever types a number has chosen it
            self.keep.data = OTHER_DAYS
        return bool(super().validate(extra_validators))

    def validate_days(self, field: StringField) -> None:
        if self.keep.data != OTHER_DAYS:
            field.data = ""
            return
        try:
            number = int((field.data or "").strip())
        except ValueError:
            raise ValidationError(
                translate(Message(N_("Enter a whole number of days, from %(low)s to %(high)s"), _DAYS))
            ) from None
        try:
            Retention(True, number)
        except InputError as error:
            raise ValidationError(translate(error.message)) from None

    def answer(self) -> dict[str, Any]:
        return {"keep": str(int(self.days.data)) if self.keep.data == OTHER_DAYS else self.keep.data}


class PreparationForm(StepForm):
    tasks: ClassVar[tuple[str, ...]] = ("pop3", "app-password", "pop3-again")
    done = SelectMultipleField(N_("Done"), choices=_choices(dict.fromkeys(tasks, "")), validate_choice=False)
    two_factor = RadioField(
        N_("Do you type in a code from your phone when you log in at GMX?"),
        choices=_choices({"no": N_("No"), "yes": N_("Yes"), "unsure": N_("I do not know")}),
        validate_choice=False,
        default="",
    )

    def answer(self) -> dict[str, Any]:
        two_factor = self.two_factor.data if self.two_factor.data in ("no", "yes", "unsure") else ""
        return {"done": [task for task in self.tasks if task in (self.done.data or [])], "two_factor": two_factor}


class ReviewForm(StepForm):
    """Nothing to answer: the person has read what will be made."""
