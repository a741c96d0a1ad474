"""From the button to the queue: the ticket of a form, its password, the limits, and the run that is submitted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import PasswordField

from webapp import probe
from webapp.config import current_providers
from webapp.connection_tests.engine import Engine, Plan, tell
from webapp.connection_tests.limits import Again
from webapp.connection_tests.ownership import Account, current_limits, is_own, login_test_is_on, remember
from webapp.i18n import current_locale, translate
from webapp.probe.circle import ATTEMPTS
from webapp.text import N_, InputError, translations_for
from webapp.wizard import answers

OTHER_KEY = "other_platform_tried"  # in the session: the mark of the address for which it was
HELD_SECONDS_MIN = 10  # that a password must still live when the question about its blanks is answered


class LoginForm(FlaskForm):
    password = PasswordField(N_("Your GMX password"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if answers.load()["preparation"].get("two_factor") == "yes":
            self.password.label.text = N_("Your app password")


ShowForm = Callable[[Account, LoginForm], str]


def start_login(
    account: Account, ticket: str, engine: Engine, form: LoginForm, show_form: ShowForm, *, circle: bool = False
) -> ResponseReturnValue:
    """Queue a test that logs in, or say why not. `form` brings the password, `show_form` makes its page anew.

    circle: the full circle, which counts as several attempts.
    """
    allowance = current_limits().allowance(account.address)
    if not login_test_is_on(allowance):
        return render_template("connection_tests/paused.html", until=allowance.paused_until), 403
    engine.check_ready()
    blanks = request.form.get("blanks")
    held = blanks in ("keep", "strip")
    if held and engine.passwords.seconds_left(ticket) < HELD_SECONDS_MIN:
        late = type(form)(formdata=None)
        text = N_("More than a minute has passed. Type your password again.")
        late.password.errors = [translations_for(current_locale()).gettext(text)]
        return show_form(account, late), 422
    if not held:
        answer = _take_password(account, ticket, engine, form, show_form, circle=circle)
        if answer is not None:
            return answer
    attempts = ATTEMPTS if circle else 1
    wait = current_limits().take_login(account.address, request.remote_addr or "", ticket, attempts)
    if isinstance(wait, Again):
        return shown(ticket, again=1)
    if wait is not None:
        engine.passwords.take(ticket)
        return wait_page(wait.until, login=True)
    plan = Plan(account.provider.id, account.address, login=True, strip=blanks == "strip", circle=circle)
    remember(ticket)
    if account.other:
        session[OTHER_KEY] = account.mark
    if engine.runs.add(plan.run(ticket, current_providers())):
        tell_queued(engine, ticket)
        engine.submit(ticket, plan)
    return shown(ticket)


def _take_password(
    account: Account, ticket: str, engine: Engine, form: LoginForm, show_form: ShowForm, *, circle: bool
) -> ResponseReturnValue | None:
    """Seal the password for the run; return a page where it cannot be used, or where a blank must be asked about.

    It is never shown again. While the person answers it lies sealed, a minute long, under the ticket.
    """
    try:
        password = probe.Secret(form.password.data or "")
        probe.Secret(password.reveal().strip())  # blanks alone are no password
    except InputError as error:
        form.password.errors = [translate(error.message)]
        return show_form(account, form), 422
    engine.passwords.put(ticket, password)
    if password.has_outer_blank:
        return render_template("connection_tests/blanks.html", ticket=ticket, provider=account.provider, circle=circle)
    return None


def wait_page(until: datetime, *, login: bool) -> ResponseReturnValue:
    """Say when the next test is possible."""
    response = Response(render_template("connection_tests/wait.html", until=until, login=login), 429)
    response.headers["Retry-After"] = str(max(1, round((until - datetime.now(UTC)).total_seconds())))
    return response


def shown(ticket: str, again: int | None = None) -> ResponseReturnValue:
    """Send to the result. A second click carries the same ticket, and may come with the cookie of the first."""
    if not is_own(ticket):
        remember(ticket)
    return redirect(url_for("connection_tests.show", run_id=ticket, again=again), 303)


def tell_queued(engine: Engine, ticket: str) -> None:
    run = engine.runs.get(ticket)
    if run is not None:
        tell(current_app._get_current_object(), run)  # type: ignore[attr-defined]
