"""The connection test in the browser: form, progress, result."""

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_time
from flask_wtf.csrf import CSRFError

from webapp.connection_tests import jobs
from webapp.connection_tests.beginning import UNAVAILABLE, Kind
from webapp.connection_tests.engine import Engine, announce_end
from webapp.connection_tests.progress import Run
from webapp.core.diagnosis import explain, report_to_json
from webapp.core.probe import Report, RunState
from webapp.core.text import N_
from webapp.infrastructure import background, fragments, limits, logs, mistakes
from webapp.infrastructure.config import POLL_MILLISECONDS, RESULT_WAIT_SECONDS, RESULT_WAITERS_MAX, current_providers
from webapp.infrastructure.events import running_app, when_forgotten
from webapp.infrastructure.fresh import extension
from webapp.infrastructure.i18n import current_locale
from webapp.web.connection_tests import outcomes, queue, results
from webapp.web.connection_tests.forms import CircleForm, LoginForm
from webapp.web.connection_tests.ownership import (
    Subject,
    allowance_of,
    check_own,
    circle_offer,
    current_subject,
    is_own,
    login_test_is_on,
    new_run_id,
    note_passed_login,
    own_runs,
    reference_of,
    was_issued,
)
from webapp.web.connection_tests.submitting import OTHER_KEY, ask_about_blanks, log_in, page_with, refuse, shown, start
from webapp.web.wizard import answers as store
from webapp.web.wizard import asking

PURGE_SECONDS = 600

blueprint = Blueprint("connection_tests", __name__, url_prefix="/connection-tests")
blueprint.register_blueprint(queue.blueprint)
background.every(blueprint, "limits-purge", PURGE_SECONDS, lambda _app: limits.current().purge())


def _asked_platform(subject: Subject) -> Subject:
    """Return `subject` with the platform that the form or the address of the page names; 400 for one that the domain excludes."""
    asked = request.values.get("provider", subject.provider.id)
    other = results.other_provider(subject.answers, current_providers())
    if asked == subject.provider.id:
        return subject
    if other is None or asked != other.id:
        abort(400)
    return replace(subject, provider=other, other=True)


def unavailable(error: Exception) -> ResponseReturnValue:
    current_app.logger.error("no connection tests: %s", type(error).__name__)
    return render_template("connection_tests/unavailable.html"), 503


for _error in UNAVAILABLE:
    blueprint.register_error_handler(_error, unavailable)


@blueprint.get("")
def index() -> ResponseReturnValue:
    subject = current_subject()
    if subject is None:
        return redirect(asking.next_url(store.load()), 303)
    form = mistakes.form_of(LoginForm)
    return page_with(form, _asked_platform(subject)), mistakes.status(form)


@blueprint.post("")
def create() -> ResponseReturnValue:
    """Queue a check or a login test; idempotent by the run id of the form."""
    subject = current_subject()
    if subject is None:
        return redirect(asking.next_url(store.load()), 303)
    run_id = _sent_run_id(subject)
    if _is_used(run_id):
        return shown(run_id, again=1)
    if "login" in request.form:
        if subject.by_imap:  # the page was opened before IMAP was chosen
            return redirect(url_for("connection_tests.index"), 303)
        return log_in(_asked_platform(subject), run_id, LoginForm())
    return start(subject, Kind.CHECK, run_id)


def _sent_run_id(subject: Subject) -> str:
    run_id = request.form.get("run_id", "")
    if not was_issued(run_id, subject.address):
        raise CSRFError
    return run_id


def _is_used(run_id: str) -> bool:
    """Whether the run exists; a double submit may arrive without the cookie of the first response."""
    return is_own(run_id) or jobs.current().runs.get(run_id) is not None


@blueprint.get("/blanks")
def blanks() -> ResponseReturnValue:
    """Ask whether a blank belongs to the password that waits for the answer; who comes back later begins anew."""
    subject, run_id = current_subject(), request.args.get("run_id", "")
    if subject is None or not was_issued(run_id, subject.address) or _is_used(run_id):
        return redirect(url_for("connection_tests.index"), 303)
    form = CircleForm if request.args.get("kind") == Kind.CIRCLE else LoginForm
    return ask_about_blanks(_asked_platform(subject), run_id, form(formdata=None))


@blueprint.get("/circle")
def circle() -> ResponseReturnValue:
    """Ask for consent to a full circle.

    Offered after a login test that passed, so that a wrong password never costs three attempts.
    """
    subject = current_subject()
    if subject is None or subject.by_imap or not subject.provider.offers_full_circle:
        return redirect(url_for("connection_tests.index"), 303)
    form = mistakes.form_of(CircleForm)
    return page_with(form, subject), mistakes.status(form)


@blueprint.post("/circle")
def create_circle() -> ResponseReturnValue:
    """Queue a full circle; idempotent by the run id of the form."""
    subject = current_subject()
    if subject is None or subject.by_imap:
        return redirect(url_for("connection_tests.index"), 303)
    run_id = _sent_run_id(subject)
    if _is_used(run_id):
        return shown(run_id, again=1)
    offer = circle_offer(subject, allowance_of(subject))
    if offer is None or (not offer.passed and not offer.off):
        return redirect(url_for("connection_tests.index"), 303)
    form = CircleForm()
    if not form.consent.data:
        mistakes.put(form.consent, N_("Tick the box if we may send the test mail."))
        return refuse(subject, form)
    return log_in(subject, run_id, form)


@blueprint.get("/<run_id>")
def show(run_id: str) -> ResponseReturnValue:
    """Show the state of the run; waits up to RESULT_WAIT_SECONDS for its end."""
    check_own(run_id)
    if current_subject() is None:  # an answer was deleted since
        return redirect(asking.next_url(store.load()), 303)
    engine = jobs.current()
    run = _waited(engine, run_id)
    if run is None:  # expired, or the server was restarted
        return render_template("connection_tests/interrupted.html"), 410
    _tell(engine, run)
    return render_template("connection_tests/result.html", again="again" in request.args, **_result(engine, run))


def _waited(engine: Engine, run_id: str) -> Run | None:
    """Wait for the end of the run, in at most RESULT_WAITERS_MAX threads at a time."""
    slots = extension(
        "result_waiters", threading.BoundedSemaphore, lambda: threading.BoundedSemaphore(RESULT_WAITERS_MAX)
    )
    if not slots.acquire(blocking=False):
        return engine.runs.get(run_id)
    try:
        return engine.runs.wait(run_id, RESULT_WAIT_SECONDS)
    finally:
        slots.release()


@blueprint.get("/<run_id>/progress")
def progress(run_id: str) -> ResponseReturnValue:
    """Return the page fragment with the progress; 304 if unchanged."""
    check_own(run_id)
    engine = jobs.current()
    run = engine.runs.get(run_id)
    if run is None:
        abort(410)
    _tell(engine, run)
    tag = _tag(run, _position(engine, run))
    return fragments.answer(tag, lambda: render_template("connection_tests/_progress.html", **_result(engine, run)))


def _tell(engine: Engine, run: Run) -> None:
    logs.mark(run.report.reference)
    announce_end(running_app(), engine.runs, run)


def _position(engine: Engine, run: Run) -> int:
    """Return the place of the run in the queue, 0 where it does not wait."""
    return engine.runs.position(run.id) if run.state is RunState.QUEUED else 0


def _tag(run: Run, position: int) -> str:
    return fragments.tag(run.state, run.sequence, position, results.seconds_to_look(run, time.time()))


@blueprint.post("/<run_id>/cancel")
def cancel(run_id: str) -> ResponseReturnValue:
    """Cancel the run; a shared one goes on for its other followers."""
    check_own(run_id)
    jobs.current().stop_for(run_id)
    return redirect(url_for("connection_tests.show", run_id=run_id), 303)


def _forget_own(_app: Flask) -> None:
    """Cancel and delete every run of this session; if the engine is unavailable, they expire."""
    try:
        queue.leave()
        for run_id in own_runs():
            jobs.current().stop_for(run_id, forget=True)
    except UNAVAILABLE as error:
        current_app.logger.error("tests were not forgotten at once: %s", type(error).__name__)


when_forgotten(blueprint, _forget_own)


@blueprint.get("/<run_id>/report.json")
def report(run_id: str) -> Response:
    """Download the report as JSON, with the address shortened."""
    check_own(run_id)
    run, subject = jobs.current().runs.get(run_id), current_subject()
    if run is None or subject is None:
        abort(404)
    shown = _report(run, subject)
    provider = current_providers().get(shown.provider)
    shape = report_to_json(shown, explain(shown, provider) if run.ended else (), current_locale(), provider)
    response = Response(json.dumps(shape, ensure_ascii=False, indent=2) + "\n", mimetype="application/json")
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"{subject.provider.file_stem}-{shown.reference}.json"
    )
    return response


@blueprint.post("/<run_id>/platform")
def take_platform(run_id: str) -> ResponseReturnValue:
    """Change the answers to the platform on which the login test passed."""
    check_own(run_id)
    run, subject = jobs.current().runs.get(run_id), current_subject()
    other = results.other_provider(subject.answers, current_providers()) if subject else None
    if run is None or subject is None or other is None or not run.report.login or run.state is not RunState.PASSED:
        abort(400)
    if run.report.address != subject.address:
        abort(400)
    if run.report.provider == other.id:
        store.store(subject.answers.answered("platform", {"provider": other.id}))
    return redirect(asking.next_url(store.load()), 303)


def _report(run: Run, subject: Subject) -> Report:
    """Return the report with the run's state and, for a shared check, address and reference of its own."""
    address = run.report.address if run.report.login else subject.address
    return replace(run.report, address=address, state=run.state, reference=reference_of(run))


def _result(engine: Engine, run: Run) -> dict[str, object]:
    """Return the template variables of a run."""
    subject = current_subject()
    if subject is None:
        abort(404)
    note_passed_login(run)
    report, position = _report(run, subject), _position(engine, run)
    provider = current_providers().get(report.provider)
    outcomes.note(run, report, explain(report, provider) if run.ended else ())
    return {
        **results.result(run, report, provider, current_locale(), time.time()),
        **_choices(run, report, subject),
        "account": subject.answers.account(current_providers()),
        "deletion": results.deletion(report.mailbox, subject.answers.retention, current_locale()),
        "position": position,
        "tag": _tag(run, position),
        "time": format_time(datetime.now(UTC), "medium"),
        "poll_milliseconds": POLL_MILLISECONDS,
    }


def _choices(run: Run, report: Report, subject: Subject) -> dict[str, object]:
    """Return the template variables for the next steps: test again, full circle, other platform."""
    allowance = allowance_of(subject)
    other = results.other_provider(subject.answers, current_providers())
    is_current = report.address == subject.address  # else the address was changed since
    is_refused = is_current and run.ended and report.login and results.login_refused(report)
    may_try = is_refused and report.provider == subject.provider.id and session.get(OTHER_KEY) != subject.mark
    works_there = is_current and other is not None and report.provider == other.id and run.state is RunState.PASSED
    can_log_in = login_test_is_on(allowance) and allowance is not None and bool(allowance.left)
    can_repeat = is_current and run.ended and report.login and not report.circle and can_log_in
    return {
        "allowance": allowance,
        "attempts": results.attempts(allowance),
        "left": allowance.left if allowance else 0,
        "login_test": login_test_is_on(allowance),
        "circle_offer": circle_offer(subject, allowance) if report.login and not report.circle else None,
        "other": other if may_try else None,
        "try_again": can_repeat and not (may_try and other),
        "take_over": other if works_there else None,
        "form": LoginForm(formdata=None),
        "run_id": new_run_id(subject.address),
    }
