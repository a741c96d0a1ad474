"""Full circle in the browser: the third choice, on a page of its own with a consent that names the numbers.

It opens after a login test that passed, so that a wrong password never costs three attempts. The result is shown on
the page of every test.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from redis.exceptions import RedisError
from wtforms import BooleanField

from webapp import connection_tests, probe
from webapp.connection_tests import tickets
from webapp.connection_tests.engine import UnavailableError
from webapp.connection_tests.limits import LimitsUnavailableError
from webapp.connection_tests.ownership import Account, allowance_of, circle_offer, current_account, is_own
from webapp.connection_tests.queueing import LoginForm, shown, start_login
from webapp.i18n import current_locale
from webapp.probe.circle import ATTEMPTS, LOGINS_FOR_RECEIVING
from webapp.text import N_, translations_for

blueprint = Blueprint("full_circle", __name__, url_prefix="/connection-tests/circle")

for _error in (UnavailableError, LimitsUnavailableError, RedisError):
    blueprint.register_error_handler(_error, connection_tests.unavailable)


class CircleForm(LoginForm):
    consent = BooleanField(N_("Yes, send the test mail and log in as written above."))


@blueprint.get("")
def index() -> ResponseReturnValue:
    account = current_account()
    if account is None:
        return redirect(url_for("connection_tests.index"), 303)
    return _page(account, CircleForm(formdata=None))


def _page(account: Account, form: LoginForm) -> str:
    return render_template(
        "connection_tests/circle.html",
        form=form,
        address=account.address,
        offer=circle_offer(account, allowance_of(account)),
        ticket=tickets.new(account.address),
        between=account.provider.seconds_between_pop3_logins,
        seconds=int(probe.LIMITS.circle),
        logins=LOGINS_FOR_RECEIVING,
        attempts=ATTEMPTS,
    )


@blueprint.post("")
def create() -> ResponseReturnValue:
    """Queue one full circle; sent twice, the form is still one."""
    account = current_account()
    if account is None:
        return redirect(url_for("connection_tests.index"), 303)
    ticket = request.form.get("ticket", "")
    if not tickets.is_ours(ticket, account.address):
        raise CSRFError
    engine = connection_tests.current_engine()
    if is_own(ticket) or engine.runs.get(ticket):
        return shown(ticket, again=1)
    form = CircleForm()
    offer = circle_offer(account, allowance_of(account))
    if not offer.passed and not offer.off:
        return redirect(url_for("connection_tests.index"), 303)
    if not form.consent.data:
        text = N_("Tick the box if we may send the test mail.")
        form.consent.errors = [translations_for(current_locale()).gettext(text)]
        return _page(account, form), 422
    return start_login(account, ticket, engine, form, _page, circle=True)
