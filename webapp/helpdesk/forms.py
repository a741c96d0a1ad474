"""What agents and people type."""

import re
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from webapp.core.account import parse_address
from webapp.core.clients import CLIENTS
from webapp.core.text import N_, InputError, locales, parse_reference
from webapp.helpdesk.agents import Role, check_password
from webapp.infrastructure import codes, mistakes
from webapp.infrastructure.i18n import language_name
from webapp.infrastructure.security import ForgottenPasswordField

LABEL_MAX = 40
NOTE_MAX = 1000
TICKET = re.compile(r"[A-Za-z0-9#._-]{1,40}")  # a reference of the organisation's own ticket system


class TableForm(FlaskForm):
    table = FileField(N_("The table"))
    locale = SelectField(
        N_("Language of the files"), choices=lambda: [(locale, language_name(locale)) for locale in locales()]
    )

    def validate_table(self, field: FileField) -> None:
        if not field.data:
            raise mistakes.invalid(N_("Choose the file with the table."))


class SpokenForm(FlaskForm):
    """What a person reads out to an agent: the code that they asked for, or the reference of their test."""

    code = StringField(N_("Code or reference"), filters=[codes.printable])

    def validate_code(self, field: StringField) -> None:
        if self.spoken_code is None and not self.test_reference:
            raise mistakes.invalid(N_("A code has nine digits, a reference eight characters, such as 7K3M9PQR"))

    @property
    def spoken_code(self) -> str | None:
        return codes.parse_code(self.code.data or "")

    @property
    def test_reference(self) -> str:
        return parse_reference(self.code.data or "") or ""


class PersonCodeForm(codes.CodeForm):
    code = StringField(N_("Code of your helper"), filters=[codes.printable])


class SignInForm(FlaskForm):
    login = StringField(N_("Sign-in name"), filters=[codes.printable])
    password = ForgottenPasswordField(N_("Password"))


class FactorForm(FlaskForm):
    code = ForgottenPasswordField(N_("Code of the app, or a recovery code"), filters=[codes.printable])


class PresenceForm(FactorForm):
    """One of the two is enough."""

    password = ForgottenPasswordField(N_("Password"))


class TotpForm(FlaskForm):
    code = ForgottenPasswordField(N_("Code that the app shows"), filters=[codes.printable])


class NewPasswordForm(FlaskForm):
    """A new password; `login` is set by the view, so that it cannot be in the password."""

    password = ForgottenPasswordField(N_("New password"))
    login = ""

    def validate_password(self, field: ForgottenPasswordField) -> None:
        try:
            check_password(field.data or "", self.login)
        except InputError as error:
            raise mistakes.invalid(error) from None


class ChangePasswordForm(NewPasswordForm):
    current = ForgottenPasswordField(N_("Present password"))


class AgentForm(FlaskForm):
    login = StringField(N_("Sign-in name"), filters=[codes.printable])
    name = StringField(N_("Name as people see it"), filters=[codes.printable])
    role = SelectField(N_("Role"), choices=[SelectChoice(role.value, role.label) for role in Role])


class NewCaseForm(FlaskForm):
    ticket = StringField(N_("Ticket reference"), filters=[codes.printable])

    def validate_ticket(self, field: StringField) -> None:
        field.data = (field.data or "").strip()
        if field.data and not TICKET.fullmatch(field.data):
            raise mistakes.invalid(N_("A ticket reference has letters, digits and # . _ - only, at most 40."))


class DetailsForm(NewCaseForm):
    """By what the agent knows a case again among thirty."""

    label = StringField(N_("Label"), filters=[codes.printable])

    def validate_label(self, field: StringField) -> None:
        field.data = " ".join((field.data or "").split())
        if len(field.data) > LABEL_MAX:
            raise mistakes.invalid(N_("A label has at most 40 characters."))


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

    email_address = StringField(N_("%(provider)s address"), filters=[codes.printable])
    program = SelectField(N_("Mail program"), choices=_programs())

    def validate_email_address(self, field: StringField) -> None:
        try:
            field.data = parse_address(field.data) if (field.data or "").strip() else ""
        except InputError as error:
            raise mistakes.invalid(error) from None

    def prefill(self) -> dict[str, Any]:
        client, _, device = str(self.program.data or "").partition(":")
        return {"email_address": self.email_address.data, "client": client, "device": device}


class NoteForm(FlaskForm):
    text = TextAreaField(N_("Note, plain text"))

    def validate_text(self, field: TextAreaField) -> None:
        plain = "\n".join(line.rstrip() for line in (field.data or "").strip().splitlines())
        if not plain:
            raise mistakes.invalid(N_("Write the note before you save it."))
        if len(plain) > NOTE_MAX:
            raise mistakes.invalid(N_("A note has at most 1,000 characters."))
        field.data = "".join(character for character in plain if character == "\n" or character.isprintable())
