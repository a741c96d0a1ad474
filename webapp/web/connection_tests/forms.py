"""The forms of a test with login."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField

from webapp.connection_tests.beginning import Kind
from webapp.core.text import N_
from webapp.infrastructure.security import ForgottenPasswordField
from webapp.web.wizard import answers


class LoginForm(FlaskForm):
    kind = Kind.LOGIN  # of the test that it begins
    password = ForgottenPasswordField(N_("Your %(provider)s password"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if answers.load()["preparation"].get("two_factor") == "yes":
            self.password.label.text = N_("Your app password")


class CircleForm(LoginForm):
    kind = Kind.CIRCLE
    consent = BooleanField(N_("Yes, send the test mail and log in as written above."))
