"""The connection test in the browser: a form, a job, a page that shows how far it has come."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import PasswordField

from webapp import probe
from webapp.account import MailAccount
from webapp.config import RESULT_WAIT_SECONDS, current_config, current_providers
from webapp.connection_tests import jobs
from webapp.connection_tests.limits import Limits
from webapp.connection_tests.progress import Run
from webapp.diagnosis import explain, report_to_text
from webapp.events import test_progressed
from webapp.i18n import TIME_ZONE, current_locale, translate
from webapp.probe.report import FailureKind, Report, RunState, Vantage, new_reference, now
from webapp.terminal import PROTOCOL_LABELS, STAGE_LABELS, STATUS_LABELS, detail_text
from webapp.text import N_, InputError, Message
from webapp.wizard import answers as store
from webapp.wizard.steps import is_complete, path

blueprint = Blueprint("connection_tests", __name__, url_prefix="/connection-tests")

RUNS_KEY = "runs"  # in the session: id of the form → whether it was used; its tests belong to this session alone
RUNS_MAX = 8


class LoginForm(FlaskForm):
    password = PasswordField(N_("Your GMX password"))


def limits() -> Limits:
    """Return the counters of this process."""
    found = current_app.extensions.get("limits")
    if not isinstance(found, Limits):
        found = current_app.extensions["limits"] = Limits(current_config().key("limits"))
    return found


def _account() -> MailAccount | None:
    answers = store.load()
    return answers.account(current_providers()) if is_complete(answers) else None


@blueprint.get("")
def index() -> ResponseReturnValue:
    account = _account()
    if account is None:
        return redirect(url_for("wizard.step", slug=path(store.load())[-1].slug), 303)
    return _form(account, LoginForm(formdata=None))


def _form(account: MailAccount, form: LoginForm, **values: object) -> str:
    return render_template(
        "connection_tests/index.html",
        form=form,
        account=account,
        ticket=secrets.token_urlsafe(16),
        left=limits().logins_left(account.email_address),
        login_test=current_config().login_test and limits().paused() is None,
        **values,
    )


@blueprint.post("")
def create() -> ResponseReturnValue:
    """Queue one test. The form's ticket is its id: sent twice, it is still one test."""
    account = _account()
    if account is None:
        return redirect(url_for("wizard.start"), 303)
    ticket = request.form.get("ticket", "")
    if not 16 <= len(ticket) <= 32 or not ticket.isascii():
        abort(400)
    if ticket in session.get(RUNS_KEY, []) or jobs.of(current_app).runs.get(ticket):
        return redirect(url_for("connection_tests.show", run_id=ticket, again=1), 303)
    login = "login" in request.form
    password = None
    if login:
        form = LoginForm()
        answer = _checked_password(account, form)
        if not isinstance(answer, probe.Secret):
            return answer
        password = answer
        wait = limits().take_login(account.email_address, request.remote_addr or "")
    else:
        wait = limits().take_check(request.remote_addr or "")
    if wait is not None:
        until = datetime.now(ZoneInfo(TIME_ZONE)) + timedelta(seconds=wait.seconds + 59)
        return render_template("connection_tests/wait.html", until=until), 429
    _submit(ticket, account, password)
    return redirect(url_for("connection_tests.show", run_id=ticket), 303)


def _checked_password(account: MailAccount, form: LoginForm) -> probe.Secret | ResponseReturnValue:
    """Return the password, or the page that says why it cannot be used. It is never shown again."""
    if not current_config().login_test or limits().paused():
        return _form(account, LoginForm(formdata=None)), 403
    try:
        password = probe.Secret(form.password.data or "")
    except InputError as error:
        form.password.errors = [translate(error.message)]
        return _form(account, form), 422
    blanks = request.form.get("blanks")
    if password.has_outer_blank and blanks not in ("keep", "strip"):
        form.password.errors = [
            translate(
                Message(
                    N_(
                        "There is a space before or after the password. Say below what we shall do, then type it once more."
                    )
                )
            )
        ]
        return _form(account, form, ask_blanks=True), 422
    return probe.Secret(password.reveal().strip()) if blanks == "strip" else password


def _submit(run_id: str, account: MailAccount, password: probe.Secret | None) -> None:
    queue = jobs.of(current_app)
    login = password is not None
    report = probe.planned(account, vantage=Vantage.SERVER, login=login, reference=new_reference(), started_at=now())
    seconds = probe.LIMITS.run_with_login if login else probe.LIMITS.run
    session[RUNS_KEY] = [*session.get(RUNS_KEY, []), run_id][-RUNS_MAX:]
    queue.runs.add(run_id, report, seconds + jobs.EXPIRES_SECONDS)
    if password is not None:
        queue.passwords.put(run_id, password)
    test_progressed.send(current_app._get_current_object(), run=run_id, state="queued")  # type: ignore[attr-defined]
    queue.submit(run_id, jobs.Plan(account, login))


@blueprint.get("/<run_id>")
def show(run_id: str) -> ResponseReturnValue:
    """Show how far the test has come; waits a moment for its end."""
    if run_id not in session.get(RUNS_KEY, []):
        abort(404)
    account = _account()
    queue = jobs.of(current_app)
    run = queue.runs.wait(run_id, 0, RESULT_WAIT_SECONDS)
    if run is None:  # ours, but forgotten: the server was started anew, or it is long ago
        return render_template("connection_tests/interrupted.html"), 410
    _count_refusal(run, account)
    return render_template("connection_tests/result.html", again="again" in request.args, **_result(run, account))


@blueprint.get("/<run_id>/progress")
def progress(run_id: str) -> ResponseReturnValue:
    """Return the part of the page that changes; 304 while it has not."""
    if run_id not in session.get(RUNS_KEY, []):
        abort(404)
    run = jobs.of(current_app).runs.get(run_id)
    if run is None:
        abort(410)
    response = Response(mimetype="text/html")
    response.set_etag(str(run.sequence))
    if request.if_none_match.contains(str(run.sequence)):
        response.status_code = 304
        return response
    response.set_data(render_template("connection_tests/_progress.html", **_result(run, _account())))
    return response


def _count_refusal(run: Run, account: MailAccount | None) -> None:
    refused = any(
        stage.failure and stage.failure.kind is FailureKind.AUTHENTICATION_FAILED for stage in run.report.stages
    )
    counted = current_app.extensions.setdefault("counted_refusals", set())
    if run.ended and refused and account and run.id not in counted:
        counted.add(run.id)
        limits().refused(account.email_address)


def _result(run: Run, account: MailAccount | None) -> dict[str, object]:
    report: Report = run.report
    provider = current_providers().get(report.provider)
    diagnoses = explain(report, provider) if run.ended else ()
    return {
        "run": run,
        "report": report,
        "account": account,
        "provider": provider,
        "diagnoses": diagnoses,
        "position": jobs.of(current_app).position() if run.state is RunState.QUEUED else 0,
        "protocols": PROTOCOL_LABELS,
        "stage_labels": STAGE_LABELS,
        "status_labels": STATUS_LABELS,
        "detail_text": detail_text,
        "text": report_to_text(report, diagnoses, current_locale()) if run.ended else "",
        "time": datetime.now(ZoneInfo(TIME_ZONE)),
        "left": limits().logins_left(account.email_address) if account else 0,
    }
