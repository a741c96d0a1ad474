"""The connection test in the browser: a form, a run that others work on, a page that shows how far it has come."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from secrets import token_urlsafe

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_time
from flask_wtf.csrf import CSRFError
from redis.exceptions import RedisError

from webapp import periodic, probe
from webapp.config import POLL_MILLISECONDS, RESULT_WAIT_SECONDS, RESULT_WAITERS_MAX, current_providers
from webapp.connection_tests import jobs, pages, tickets
from webapp.connection_tests.engine import NOBODY, Engine, Plan, UnavailableError
from webapp.connection_tests.limits import Again, LimitsUnavailableError
from webapp.connection_tests.ownership import (
    Account,
    allowance_of,
    check_own,
    circle_offer,
    current_account,
    current_limits,
    is_own,
    login_test_is_on,
    note_passed_login,
    own_runs,
    remember,
)
from webapp.connection_tests.progress import SHARED_ID, Run
from webapp.connection_tests.queueing import (
    OTHER_KEY,
    LoginForm,
    shown,
    start_login,
    tell_queued,
    wait_page,
)
from webapp.diagnosis import explain, report_to_json, report_to_text
from webapp.i18n import current_locale
from webapp.probe.report import RunState
from webapp.stages import CIRCLE_LABEL
from webapp.terminal import circle_mail
from webapp.text import translations_for
from webapp.wizard import answers as store
from webapp.wizard.steps import path

PURGE_SECONDS = 600  # what is counted is forgotten on a site without visitors too

blueprint = Blueprint("connection_tests", __name__, url_prefix="/connection-tests")
periodic.every(blueprint, "limits-purge", PURGE_SECONDS, lambda _app: current_limits().purge())


def current_engine() -> Engine:
    """Return the engine of this application; raises UnavailableError where none was started."""
    return jobs.of(current_app)


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
    account = current_account()
    if account is None:
        return redirect(url_for("wizard.step", slug=path(store.load())[-1].slug), 303)
    return _form(account, LoginForm(formdata=None))


def _form(account: Account, form: LoginForm) -> str:
    allowance = allowance_of(account)
    return render_template(
        "connection_tests/index.html",
        form=form,
        account=account.answers.account(current_providers()),
        provider=account.provider,
        other=account.other,
        ticket=tickets.new(account.address),
        login_ticket=tickets.new(account.address),
        allowance=allowance,
        left=allowance.left if allowance else 0,
        login_test=login_test_is_on(allowance),
        circle=circle_offer(account, allowance),
    )


@blueprint.post("")
def create() -> ResponseReturnValue:
    """Queue one test. The form's ticket is its id: sent twice, it is still one test."""
    account = current_account()
    if account is None:
        return redirect(url_for("wizard.start"), 303)
    ticket = request.form.get("ticket", "")
    if not tickets.is_ours(ticket, account.address):
        raise CSRFError
    engine = current_engine()
    if is_own(ticket) or engine.runs.get(ticket):
        return shown(ticket, again=1)
    if "login" in request.form:
        return start_login(_asked_platform(account), ticket, engine, LoginForm(), _form)
    return _create_check(account, ticket, engine)


def _create_check(account: Account, ticket: str, engine: Engine) -> ResponseReturnValue:
    """Check without a password: the same for everybody, so everybody looks at one run."""
    engine.check_ready()
    wait = current_limits().take_check(request.remote_addr or "", ticket)
    if isinstance(wait, Again):
        return shown(ticket, again=1)
    if wait is not None:
        return wait_page(wait.until, login=False)
    plan = Plan(account.provider.id, NOBODY)
    tested = plan.account(current_providers())
    key = f"{plan.provider} {tested.incoming.hostname}:{tested.incoming.port} {tested.outgoing.port}"
    run = plan.run(SHARED_ID + token_urlsafe(16), current_providers())
    fresh = engine.runs.join(key, ticket, run)
    remember(ticket)
    tell_queued(engine, ticket)
    if fresh:
        engine.submit(run.id, plan)
    return shown(ticket)


@blueprint.get("/<run_id>")
def show(run_id: str) -> ResponseReturnValue:
    """Show how far the test has come; waits a moment for its end."""
    check_own(run_id)
    if current_account() is None:  # an answer was taken back since
        return redirect(url_for("wizard.step", slug=path(store.load())[-1].slug), 303)
    engine = current_engine()
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
    check_own(run_id)
    engine = current_engine()
    run = engine.runs.get(run_id)
    if run is None:
        abort(410)
    position = engine.runs.position(run_id) if run.state is RunState.QUEUED else 0
    tag = pages.etag(run, position, current_locale(), pages.seconds_to_look(run, time.time()))
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
    check_own(run_id)
    current_engine().stop_for(run_id)
    return redirect(url_for("connection_tests.show", run_id=run_id), 303)


def forget_own() -> None:
    """End every test of this session and keep nothing of it; where the engine does not answer, time does it."""
    try:
        for run_id in own_runs():
            current_engine().stop_for(run_id, forget=True)
    except (UnavailableError, RedisError) as error:
        current_app.logger.error("tests were not forgotten at once: %s", type(error).__name__)


@blueprint.get("/<run_id>/report.json")
def report(run_id: str) -> Response:
    """Send the report in the one shape for everybody, the address shortened."""
    check_own(run_id)
    run, account = current_engine().runs.get(run_id), current_account()
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
    check_own(run_id)
    run, account = current_engine().runs.get(run_id), current_account()
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
    account = current_account()
    if account is None:
        abort(404)
    locale, translations = current_locale(), translations_for(current_locale())
    report = _report(run, account)
    provider = current_providers().get(report.provider)
    other = pages.other_provider(account.answers, current_providers())
    diagnoses = explain(report, provider) if run.ended else ()
    allowance = allowance_of(account)
    note_passed_login(run)
    tried = session.get(OTHER_KEY) == account.mark
    still = report.address == account.address  # the person may have answered with another one since
    refused = still and run.ended and report.login and pages.login_refused(report)
    moved = still and other is not None and report.provider == other.id and run.state is RunState.PASSED
    return {
        "run": run,
        "report": report,
        "account": account.answers.account(current_providers()),
        "provider": provider,
        "diagnoses": diagnoses,
        "headline": pages.headline(run, diagnoses, pages.seconds_to_look(run, time.time())),
        "circle_lines": pages.circle_lines(report, translations, locale),
        "circle_label": CIRCLE_LABEL,
        "circle_mail": circle_mail(report.circle.sent) if report.circle and report.circle.sent is not False else "",
        "circle_offer": circle_offer(account, allowance) if report.login and not report.circle else None,
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
        "login_test": login_test_is_on(allowance),
        "other": other if refused and not tried and report.provider == account.provider.id else None,
        "take_over": other if moved else None,
        "form": LoginForm(formdata=None),
        "ticket": tickets.new(account.address),
        "poll_milliseconds": POLL_MILLISECONDS,
    }
