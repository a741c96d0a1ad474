"""The question of each step: what may be answered, and how the answer is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from webapp.account import parse_address, parse_name
from webapp.i18n import translate
from webapp.text import N_, InputError, Message

CHOOSE = N_("Choose one of the answers")


def _choices(options: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in options.items()]


class StepForm(FlaskForm):
    """A form whose fields bear the names of the keys in the step's answer."""

    # option → what follows from it, in one line
    consequences: ClassVar[Mapping[str, str]] = {}

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
    name = StringField(N_("Your name as others shall see it"))

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
    provider = Choice(
        N_("On which site do you read your mail in the browser?"),
        {"gmx.net": "www.gmx.net", "gmx.com": "www.gmx.com"},
    )
    consequences: ClassVar[Mapping[str, str]] = {
        "gmx.net": N_("Most people in Germany, Austria and Switzerland"),
        "gmx.com": N_("GMX in English and other languages"),
    }


class ProgramForm(StepForm):
    program = Choice(
        N_("Which e-mail program do you use?"),
        {
            "thunderbird": "Thunderbird",
            "outlook": N_("Outlook for Windows (classic)"),
            "outlook-new": N_("Outlook for Windows (new)"),
            "apple-mail:iphone": N_("Mail on iPhone or iPad"),
            "apple-mail:mac": N_("Mail on the Mac"),
            "thunderbird-android": N_("Thunderbird or K-9 Mail on Android"),
            "outlook-mac": N_("Outlook for Mac"),
            "outlook-mobile": N_("Outlook on phone or tablet"),
            "other": N_("Another program"),
            "unknown": N_("I do not know"),
        },
    )
    consequences: ClassVar[Mapping[str, str]] = {
        "outlook": N_("At the top left there is a menu “File”"),
        "outlook-new": N_("At the top left there is no menu “File”"),
        "unknown": N_("We show you how to find out"),
    }

    def answer(self) -> dict[str, Any]:
        client, _, device = str(self.program.data).partition(":")
        return {"client": client, "device": device or None}


class OutlookProfileForm(StepForm):
    profile = Choice(
        N_("Do you use Outlook with another account already?"),
        {
            "existing": N_("No, or GMX shall be added to it"),
            "new": N_("Yes, and GMX shall stay apart"),
        },
    )
    consequences: ClassVar[Mapping[str, str]] = {
        "existing": N_("Outlook puts GMX beside your other accounts"),
        "new": N_("Right with an account of your company or school"),
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


class RetentionForm(StepForm):
    keep = Choice(
        N_("Shall your mail also stay at GMX?"),
        {
            "forever": N_("Yes, always"),
            "30": N_("Yes, for 30 days"),
            "14": N_("Yes, for 14 days"),
            "delete": N_("No, fetch and delete there"),
        },
    )
    consequences: ClassVar[Mapping[str, str]] = {
        "forever": N_("Nothing gets lost. Now and then you tidy up the mailbox yourself."),
        "30": N_("After that they are only in your program. Think of a backup."),
        "14": N_("After that they are only in your program. Think of a backup."),
        "delete": N_("Your mail is then in one place only: on this device."),
    }


class PreparationForm(StepForm):
    done = SelectMultipleField(N_("Done"), choices=_choices({"pop3": N_("POP3 is switched on")}), validate_choice=False)
    two_factor = RadioField(
        N_("Do you type in a code from your phone when you log in at GMX?"),
        choices=_choices({"no": N_("No"), "yes": N_("Yes"), "unsure": N_("I do not know")}),
        validate_choice=False,
        default="",
    )

    def answer(self) -> dict[str, Any]:
        two_factor = self.two_factor.data if self.two_factor.data in ("no", "yes", "unsure") else ""
        return {"done": ["pop3"] if "pop3" in (self.done.data or []) else [], "two_factor": two_factor}


class ReviewForm(StepForm):
    """Nothing to answer: the person has read what will be made."""
