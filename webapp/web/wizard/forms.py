"""The question of each step: what may be answered, and how the answer is kept."""

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from webapp.core.account import DAYS_MAX, DAYS_MIN, Retention, ServerType, parse_name
from webapp.core.providers import Certainty
from webapp.core.text import N_, InputError, Message
from webapp.core.typed_address import typed_address
from webapp.infrastructure.config import current_providers
from webapp.infrastructure.i18n import for_locale, translate
from webapp.web.wizard import programs
from webapp.web.wizard.answers import Answers, provider_of

CHOOSE = N_("Choose one of the answers")
OTHER_DAYS = "days"
_DAYS = {"low": DAYS_MIN, "high": DAYS_MAX}


def _choices(options: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in options.items()]


class StepForm(FlaskForm):
    """A form whose fields bear the names of the keys in the step's answer."""

    default: ClassVar[Mapping[str, str]] = {}  # the answer as long as there is none
    consequences: ClassVar[Mapping[str, str]] = {}  # option → what follows from it, in one line

    def fit(self, answers: Answers) -> None:
        """Offer what fits the answers so far; called before anything is checked or shown."""

    def show(self, answer: Mapping[str, Any]) -> None:
        """Fill the fields with an answer that was kept."""
        answer = {**self.default, **answer}
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
    """protocol: what the person came for, POP3 or IMAP; it travels unseen."""

    email_address = StringField()
    protocol = StringField()

    def fit(self, answers: Answers) -> None:
        protocol = self.protocol.data or request.args.get("protocol") or answers["protocol"].get("protocol")
        self.protocol.data = ServerType.IMAP if protocol == ServerType.IMAP else ServerType.POP3

    def answer(self) -> dict[str, Any]:
        return {"email_address": self.email_address.data}

    def validate_email_address(self, field: StringField) -> None:
        try:
            field.data = typed_address(field.data or "")
        except InputError as error:
            raise ValidationError(translate(error.message)) from None


class NameForm(StepForm):
    name = StringField(N_("Your name, as others should see it"))

    def validate_name(self, field: StringField) -> None:
        try:
            field.data = parse_name(field.data or "")
        except InputError as error:
            raise ValidationError(translate(error.message)) from None


class PlatformForm(StepForm):
    """On which site the mail is read: among the candidates, and none of them where the domain may be another's."""

    provider = Choice(N_("Which website do you use to read your mail?"), {})
    none_means = N_("Your mail then comes from another provider")

    def fit(self, answers: Answers) -> None:
        providers = current_providers()
        audiences = {provider.id: for_locale(provider.audience) for provider in providers.values()}
        self.consequences = {  # type: ignore[misc]  # what the providers of this site say
            **audiences,
            "none": translate(Message(self.none_means)),
        }
        candidates = [providers[id_] for id_ in answers["address"].get("providers", ()) if id_ in providers]
        options = {provider.id: provider.website for provider in candidates}
        if answers.certainty != Certainty.AMBIGUOUS:
            options["none"] = N_("On none of them") if len(options) > 1 else N_("No, somewhere else")
        self.provider.choices = _choices(options)


class ProgramForm(StepForm):
    program = Choice(N_("Which program would you like to read your mail in?"), {})

    def fit(self, answers: Answers) -> None:
        self.program.choices = _choices(dict.fromkeys([*programs.values(), programs.UNKNOWN], ""))

    def show(self, answer: Mapping[str, Any]) -> None:
        device = answer.get("device")
        self.program.data = f"{answer.get('client')}:{device}" if device else answer.get("client")

    def answer(self) -> dict[str, Any]:
        client, device = programs.parse(str(self.program.data))
        return {"client": client, "device": device}


class ProtocolForm(StepForm):
    protocol = Choice(
        N_("How would you like to read your mail?"),
        {
            "pop3": N_("On this device, with a copy of its own (POP)"),
            "imap": N_("The same on every device (IMAP)"),
        },
    )
    default: ClassVar[Mapping[str, str]] = {"protocol": "pop3"}
    consequences: ClassVar[Mapping[str, str]] = {
        "pop3": N_("Your mail can be read without the internet, too"),
        "imap": N_("What you delete on one device is gone on all of them"),
    }


class OutlookProfileForm(StepForm):
    profile = Choice(
        N_("Is your company’s mail in this Outlook, too?"),
        {
            "existing": N_("No"),
            "new": N_("Yes"),
        },
    )
    default: ClassVar[Mapping[str, str]] = {"profile": "existing"}
    consequences: ClassVar[Mapping[str, str]] = {
        "existing": N_("Outlook puts %(provider)s beside your other accounts"),
        "new": N_("%(provider)s gets a profile of its own and stays apart"),
    }


class DevicesForm(StepForm):
    devices = Choice(
        N_("Do you read your %(provider)s mail on more than one device?"),
        {
            "one": N_("No, only on this one"),
            "several": N_("Yes, on several"),
        },
    )
    default: ClassVar[Mapping[str, str]] = {"devices": "one"}
    consequences: ClassVar[Mapping[str, str]] = {
        "several": N_("Then we make a plan, so that every device gets every mail"),
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
        "delete": N_("No, delete it at %(provider)s once it is here"),
    }
    keep = Choice(N_("Should your mail also stay at %(provider)s?"), options)
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
        keep = answer.get("keep", "forever")
        offered = {choice.value for choice in self.keep.choices}
        if keep in offered:
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


class PortForm(StepForm):
    """The port for sending: some networks block one of the two."""

    port = Choice(N_("Which port should your program use for sending?"), {})

    def fit(self, answers: Answers) -> None:
        ports = [server.port for server in provider_of(answers).servers_of(ServerType.SMTP)]
        self.port.choices = _choices({str(port): str(port) for port in ports})
        self.port.data = self.port.data or str(ports[0])


class PreparationForm(StepForm):
    """The switch at the provider: whoever goes on has set it. two_factor: ticked by who types a code at each login."""

    two_factor = BooleanField(N_("At every login I copy six digits from an authenticator app."))

    def show(self, answer: Mapping[str, Any]) -> None:
        self.two_factor.data = answer.get("two_factor") == "yes"

    def answer(self) -> dict[str, Any]:
        return {"two_factor": "yes" if self.two_factor.data else "no"}
