"""What agents and people type."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from webapp.core.account import parse_address
from webapp.core.clients import CLIENTS
from webapp.core.text import N_, InputError, Message, locales, parse_reference
from webapp.helpdesk.agents import ROLE_LABELS, Role, check_password
from webapp.helpdesk.tickets import parse_ticket
from webapp.infrastructure.codes import CodeForm, parse_code, printable
from webapp.infrastructure.i18n import language_name, translate
from webapp.infrastructure.security import ForgottenPasswordField

LABEL_MAX = 40


def _refuse(error: InputError | str) -> ValidationError:
    message = error.message if isinstance(error, InputError) else Message(error)
    return ValidationError(translate(message))


class TableForm(FlaskForm):
    table = FileField(N_("The table"))
    locale = SelectField(
        N_("Language of the files"), choices=lambda: [(locale, language_name(locale)) for locale in locales()]
    )

    def validate_table(self, field: FileField) -> None:
        if not field.data:
            raise _refuse(N_("Choose the file with the table."))


class SpokenForm(FlaskForm):
    """What a person reads out to an agent: the code that they asked for, or the reference of their test."""

    code = StringField(N_("Code or reference"), filters=[printable])

    def validate_code(self, field: StringField) -> None:
        if self.spoken_code is None and not self.test_reference:
            raise _refuse(N_("A code has nine digits, a reference eight characters, such as 7K3M9PQR"))

    @property
    def spoken_code(self) -> str | None:
        return parse_code(self.code.data or "")

    @property
    def test_reference(self) -> str:
        return parse_reference(self.code.data or "") or ""


class PersonCodeForm(CodeForm):
    code = StringField(N_("Code of your helper"), filters=[printable])


class SignInForm(FlaskForm):
    login = StringField(N_("Sign-in name"), filters=[printable])
    password = ForgottenPasswordField(N_("Password"))


class FactorForm(FlaskForm):
    code = ForgottenPasswordField(N_("Code of the app, or a recovery code"), filters=[printable])


class PresenceForm(FactorForm):
    """One of the two is enough."""

    password = ForgottenPasswordField(N_("Password"))


class TotpForm(FlaskForm):
    code = ForgottenPasswordField(N_("Code that the app shows"), filters=[printable])


class NewPasswordForm(FlaskForm):
    """A new password; `login` is set by the view, so that it cannot be in the password."""

    password = ForgottenPasswordField(N_("New password"))
    login = ""

    def validate_password(self, field: ForgottenPasswordField) -> None:
        try:
            check_password(field.data or "", self.login)
        except InputError as error:
            raise _refuse(error) from None


class ChangePasswordForm(NewPasswordForm):
    current = ForgottenPasswordField(N_("Present password"))


class AgentForm(FlaskForm):
    login = StringField(N_("Sign-in name"), filters=[printable])
    name = StringField(N_("Name as people see it"), filters=[printable])
    role = SelectField(N_("Role"), choices=[SelectChoice(role.value, ROLE_LABELS[role]) for role in Role])


class NewCaseForm(FlaskForm):
    ticket = StringField(N_("Ticket reference"), filters=[printable])

    def validate_ticket(self, field: StringField) -> None:
        try:
            field.data = parse_ticket(field.data or "")
        except InputError as error:
            raise _refuse(error) from None


class DetailsForm(NewCaseForm):
    """By what the agent knows a case again among thirty."""

    label = StringField(N_("Label"), filters=[printable])

    def validate_label(self, field: StringField) -> None:
        field.data = " ".join((field.data or "").split())
        if len(field.data) > LABEL_MAX:
            raise _refuse(N_("A label has at most 40 characters."))


def _programs() -> list[SelectChoice]:
    found = [SelectChoice("", N_("not known yet"))]
    for client in CLIENTS.values():
        if client.id == "apple-mail":
            found += [
                SelectChoice("apple-mail:iphone", f"{client.name}: iPhone, iPad"),
                SelectChoice("apple-mail:mac", f"{client.name}: Mac"),
            ]
        else:
            found.append(SelectChoice(client.id, client.name))
    return found


class PrefillForm(FlaskForm):
    """What the agent knows already; the person sees it before it is taken over."""

    email_address = StringField(N_("%(provider)s address"), filters=[printable])
    program = SelectField(N_("Mail program"), choices=_programs())

    def validate_email_address(self, field: StringField) -> None:
        if not (field.data or "").strip():
            field.data = ""
            return
        try:
            field.data = parse_address(field.data)
        except InputError as error:
            raise _refuse(error) from None

    def prefill(self) -> dict[str, Any]:
        client, _, device = str(self.program.data or "").partition(":")
        return {"email_address": self.email_address.data, "client": client, "device": device}


class NoteForm(FlaskForm):
    text = TextAreaField(N_("Note, plain text"))
