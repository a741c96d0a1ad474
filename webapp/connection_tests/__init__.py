"""The connection test in the browser: a form, a run that others work on, a page that shows how far it has come."""

from __future__ import annotations

import json
import secrets
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_time
from flask_wtf import FlaskForm
from redis.exceptions import RedisError
from wtforms import PasswordField

from webapp import probe
from webapp.config import POLL_MILLISECONDS, RESULT_WAIT_SECONDS, RESULT_WAITERS_MAX, current_config, current_providers
from webapp.connection_tests import jobs, pages
from webapp.connection_tests.engine import NOBODY, Engine, Plan, UnavailableError, tell
from webapp.connection_tests.limits import Again, Allowance, Limits, LimitsUnavailableError
from webapp.connection_tests.progress import SHARED_ID, Run
from webapp.diagnosis import explain, report_to_json, report_to_text
from webapp.i18n import current_locale, translate
from webapp.probe.report import RunState
from webapp.providers import Provider
from webapp.text import N_, InputError, translations_for
from webapp.wizard import answers as store
from webapp.wizard.answers import Answers
from webapp.wizard.steps import is_complete, path

blueprint = Blueprint("connection_tests", __name__, url_prefix="/connection-tests")

RUNS_KEY = "runs"  # in the session: the tests that belong to it alone, by the ticket of their form
RUNS_MAX = 8
OTHER_KEY = "other_platform_tried"  # in the session: the address for which it was
TICKET_LENGTH = (16, 32)
HELD_SECONDS_MIN = 10  # that a password must still live when the question about its blanks is answered


class LoginForm(FlaskForm):
    password = PasswordField(N_("Your GMX password"))


@dataclass(frozen=True, slots=True)
class Account:
    """What this session tests: its answers, and the platform, which may be the other one for a single attempt."""

    answers: Answers
    provider: Provider
    other: bool = False

    @property
    def address(self) -> str:
        return self.answers.email_address


def current_limits() -> Limits:
    """Return the counters of this application."""
    found = current_app.extensions.get("limits")
    if not isinstance(found, Limits):
        found = current_app.extensions["limits"] = Limits(current_config())
    return found


def _engine() -> Engine:
    return jobs.of(current_app)


def _account() -> Account | None:
    """Return what the answers lead to; None while they are not complete."""
    answers = store.load()
    provider = current_providers().get(answers.provider_id or "")
    return Account(answers, provider) if provider and is_complete(answers) else None


def _asked_platform(account: Account) -> Account:
    """Return `account` at the platform that the form names: its own, or the other one where the domain is open."""
    asked = request.form.get("provider", account.provider.id)
    other = pages.other_provider(account.answers, current_providers())
    if asked == account.provider.id:
        return account
    if other is None or asked != other.id:
        abort(400)
    return replace(account, provider=other, other=True)


@blueprint.errorhandler(UnavailableError)
@blueprint.errorhandler(LimitsUnavailableError)
@blueprint.errorhandler(RedisError)
def unavailable(error: Exception) -> ResponseReturnValue:
    """Say that nothing can be tested now; nothing was."""
    current_app.logger.error("no connection tests: %s", type(error).__name__)
    return render_template("connection_tests/unavailable.html"), 503


@blueprint.get("")
def index() -> ResponseReturnValue:
    account = _account()
    if account is None:
        return redirect(url_for("wizard.step", slug=path(store.load())[-1].slug), 303)
    return _form(account, LoginForm(formdata=None))


def _form(account: Account, form: LoginForm) -> str:
    allowance = _allowance(account)
    return render_template(
        "connection_tests/index.html",
        form=form,
        account=account.answers.account(current_providers()),
        provider=account.provider,
        other=account.other,
        ticket=secrets.token_urlsafe(16),
        allowance=allowance,
        left=allowance.left if allowance else 0,
        login_test=_login_test_is_on(allowance),
    )


def _allowance(account: Account) -> Allowance | None:
    """Return how often the account may still be tested; None where the counters do not answer."""
    try:
        return current_limits().allowance(account.address)
    except LimitsUnavailableError:
        return None


def _login_test_is_on(allowance: Allowance | None) -> bool:
    return current_config().login_test and allowance is not None and allowance.paused_until is None


@blueprint.post("")
def create() -> ResponseReturnValue:
    """Queue one test. The form's ticket is its id: sent twice, it is still one test."""
    account = _account()
    if account is None:
        return redirect(url_for("wizard.start"), 303)
    ticket = request.form.get("ticket", "")
    if not TICKET_LENGTH[0] <= len(ticket) <= TICKET_LENGTH[1] or not _is_plain(ticket):
        abort(400)
    engine = _engine()
    if ticket in session.get(RUNS_KEY, []) or engine.runs.get(ticket):
        return _shown(ticket, again=1)
    if "login" in request.form:
        return _create_login(_asked_platform(account), ticket, engine)
    return _create_check(account, ticket, engine)


def _is_plain(ticket: str) -> bool:
    return ticket.isascii() and ticket.replace("-", "").replace("_", "").isalnum()


def _create_check(account: Account, ticket: str, engine: Engine) -> ResponseReturnValue:
    """Check without a password: the same for everybody, so everybody looks at one run."""
    engine.check_ready()
    wait = current_limits().take_check(request.remote_addr or "", ticket)
    if isinstance(wait, Again):
        return _shown(ticket, again=1)
    if wait is not None:
        return _wait_page(wait.until)
    plan = Plan(account.provider.id, NOBODY)
    tested = plan.account(current_providers())
    key = f"{plan.provider} {tested.incoming.hostname}:{tested.incoming.port} {tested.outgoing.port}"
    run = plan.run(SHARED_ID + secrets.token_urlsafe(16), current_providers())
    fresh = engine.runs.join(key, ticket, run)
    _remember(ticket)
    _tell_queued(engine, ticket)
    if fresh:
        engine.submit(run.id, plan)
    return _shown(ticket)


def _create_login(account: Account, ticket: str, engine: Engine) -> ResponseReturnValue:
    allowance = current_limits().allowance(account.address)
    if not _login_test_is_on(allowance):
        return render_template("connection_tests/paused.html", until=allowance.paused_until), 403
    engine.check_ready()
    held = request.form.get("blanks") in ("keep", "strip")
    if held and engine.passwords.seconds_left(ticket) < HELD_SECONDS_MIN:
        form = LoginForm(formdata=None)
        form.password.errors = [translate_text(N_("You waited for more than a minute. Type your password once more."))]
        return _form(account, form), 422
    if not held:
        answer = _take_password(account, ticket, engine)
        if answer is not None:
            return answer
    wait = current_limits().take_login(account.address, request.remote_addr or "", ticket)
    if isinstance(wait, Again):
        return _shown(ticket, again=1)
    if wait is not None:
        engine.passwords.take(ticket)
        return _wait_page(wait.until, account)
    plan = Plan(account.provider.id, account.address, login=True, strip=request.form.get("blanks") == "strip")
    _remember(ticket)
    if account.other:
        session[OTHER_KEY] = account.address
    if engine.runs.add(plan.run(ticket, current_providers())):
        _tell_queued(engine, ticket)
        engine.submit(ticket, plan)
    return _shown(ticket)


def _take_password(account: Account, ticket: str, engine: Engine) -> ResponseReturnValue | None:
    """Seal the password for the run; return a page where it cannot be used, or where a blank must be asked about.

    It is never shown again. While the person answers it lies sealed, a minute long, under the ticket.
    """
    form = LoginForm()
    try:
        password = probe.Secret(form.password.data or "")
        probe.Secret(password.reveal().strip())  # blanks alone are no password
    except InputError as error:
        form.password.errors = [translate(error.message)]
        return _form(account, form), 422
    engine.passwords.put(ticket, password)
    if password.has_outer_blank:
        return render_template("connection_tests/blanks.html", ticket=ticket, provider=account.provider)
    return None


def translate_text(text: str) -> str:
    return translations_for(current_locale()).gettext(text)


def _wait_page(until: datetime, account: Account | None = None) -> ResponseReturnValue:
    response = Response(render_template("connection_tests/wait.html", until=until, login=account is not None), 429)
    response.headers["Retry-After"] = str(max(1, round((until - datetime.now(UTC)).total_seconds())))
    return response


def _remember(ticket: str) -> None:
    session[RUNS_KEY] = [*session.get(RUNS_KEY, []), ticket][-RUNS_MAX:]


def _shown(ticket: str, again: int | None = None) -> ResponseReturnValue:
    """Send to the result. A second click carries the same ticket, and may come with the cookie of the first."""
    if ticket not in session.get(RUNS_KEY, []):
        _remember(ticket)
    return redirect(url_for("connection_tests.show", run_id=ticket, again=again), 303)


def _tell_queued(engine: Engine, ticket: str) -> None:
    run = engine.runs.get(ticket)
    if run is not None:
        tell(current_app._get_current_object(), run)  # type: ignore[attr-defined]


def _own(run_id: str) -> None:
    if run_id not in session.get(RUNS_KEY, []):
        abort(404)


@blueprint.get("/<run_id>")
def show(run_id: str) -> ResponseReturnValue:
    """Show how far the test has come; waits a moment for its end."""
    _own(run_id)
    if _account() is None:  # an answer was taken back since
        return redirect(url_for("wizard.step", slug=path(store.load())[-1].slug), 303)
    engine = _engine()
    run = _waited(engine, run_id)
    if run is None:  # ours, but forgotten: the server was started anew, or it is long ago
        return render_template("connection_tests/interrupted.html"), 410
    return render_template("connection_tests/result.html", again="again" in request.args, **_result(engine, run))


def _waited(engine: Engine, run_id: str) -> Run | None:
    """Return the run at its end, if that comes soon; of the threads that answer, only a part may wait so."""
    slots = current_app.extensions.setdefault("result_waiters", threading.BoundedSemaphore(RESULT_WAITERS_MAX))
    if not slots.acquire(blocking=False):
        return engine.runs.get(run_id)
    try:
        return engine.runs.wait(run_id, RESULT_WAIT_SECONDS)
    finally:
        slots.release()


@blueprint.get("/<run_id>/progress")
def progress(run_id: str) -> ResponseReturnValue:
    """Return the part of the page that changes; 304 while it has not."""
    _own(run_id)
    engine = _engine()
    run = engine.runs.get(run_id)
    if run is None:
        abort(410)
    position = engine.runs.position(run_id) if run.state is RunState.QUEUED else 0
    tag = pages.etag(run, position, current_locale())
    response = Response(mimetype="text/html")
    response.set_etag(tag)
    if request.if_none_match.contains(tag):
        response.status_code = 304
        return response
    response.set_data(render_template("connection_tests/_progress.html", **_result(engine, run)))
    return response


@blueprint.post("/<run_id>/cancel")
def cancel(run_id: str) -> ResponseReturnValue:
    """End a test that waits or runs. A check that others look at too goes on without this person."""
    _own(run_id)
    engine = _engine()
    run = engine.runs.get(run_id)
    if run is not None and not run.ended:
        target = engine.runs.leave(run_id) if run.shared else run_id
        if target is not None:
            engine.cancel(target)
    return redirect(url_for("connection_tests.show", run_id=run_id), 303)


@blueprint.get("/<run_id>/report.json")
def report(run_id: str) -> Response:
    """Send the report in the one shape for everybody, the address shortened."""
    _own(run_id)
    run, account = _engine().runs.get(run_id), _account()
    if run is None or account is None:
        abort(404)
    shown = _report(run, account)
    provider = current_providers().get(shown.provider)
    shape = report_to_json(shown, explain(shown, provider) if run.ended else (), current_locale(), provider)
    response = Response(json.dumps(shape, ensure_ascii=False, indent=2) + "\n", mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"gmx-pop-{shown.reference}.json")
    return response


@blueprint.post("/<run_id>/platform")
def take_platform(run_id: str) -> ResponseReturnValue:
    """Take over the platform on which a test passed; only by this press of a button do the answers follow."""
    _own(run_id)
    run, account = _engine().runs.get(run_id), _account()
    other = pages.other_provider(account.answers, current_providers()) if account else None
    if run is None or account is None or other is None or not run.report.login or run.state is not RunState.PASSED:
        abort(400)
    if run.report.address != account.address:
        abort(400)
    if run.report.provider == other.id:
        store.store(account.answers.answered("platform", {"provider": other.id}))
    return redirect(url_for("wizard.step", slug="review"), 303)


def _report(run: Run, account: Account) -> probe.Report:
    """Return the report as this person's: a check names nobody, and how it ended stands in the run.

    A login test stays that of the address it was made for, whatever the person has answered since.
    """
    return replace(run.report, address=run.report.address if run.report.login else account.address, state=run.state)


def _result(engine: Engine, run: Run) -> dict[str, object]:
    account = _account()
    if account is None:
        abort(404)
    locale, translations = current_locale(), translations_for(current_locale())
    report = _report(run, account)
    provider = current_providers().get(report.provider)
    other = pages.other_provider(account.answers, current_providers())
    diagnoses = explain(report, provider) if run.ended else ()
    allowance = _allowance(account)
    tried = session.get(OTHER_KEY) == account.address
    still = report.address == account.address  # the person may have answered with another one since
    refused = still and run.ended and report.login and pages.login_refused(report)
    moved = still and other is not None and report.provider == other.id and run.state is RunState.PASSED
    return {
        "run": run,
        "report": report,
        "account": account.answers.account(current_providers()),
        "provider": provider,
        "diagnoses": diagnoses,
        "headline": pages.headline(run, diagnoses),
        "servers": pages.servers(report, translations, locale),
        "unchecked": pages.unchecked(report, translations) if run.state is RunState.FAILED else (),
        "waiting": pages.waiting(report.mailbox, locale),
        "line_megabits": pages.LINE_MEGABITS,
        "deletion": pages.deletion(report.mailbox, account.answers.retention, locale),
        "position": engine.runs.position(run.id) if run.state is RunState.QUEUED else 0,
        "text": report_to_text(report, diagnoses, locale) if run.ended else "",
        "time": format_time(datetime.now(UTC), "medium"),
        "seconds_ago": pages.seconds_ago(run, time.time()),
        "allowance": allowance,
        "attempts": pages.attempts(allowance),
        "left": allowance.left if allowance else 0,
        "login_test": _login_test_is_on(allowance),
        "other": other if refused and not tried and report.provider == account.provider.id else None,
        "take_over": other if moved else None,
        "form": LoginForm(formdata=None),
        "ticket": secrets.token_urlsafe(16),
        "poll_milliseconds": POLL_MILLISECONDS,
    }
