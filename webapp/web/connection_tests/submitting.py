"""What a press of a form begins: a test, a question, a place in the queue, or a page that says why not."""

from datetime import UTC, datetime
from typing import Any

from flask import Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.connection_tests import jobs
from webapp.connection_tests.beginning import Beginning, Kind, Outcome, begin
from webapp.core.probe import BOUNDS, Secret
from webapp.core.probe.circle import ATTEMPTS, LOGINS_FOR_RECEIVING
from webapp.core.text import N_, InputError
from webapp.infrastructure import limits, mistakes
from webapp.infrastructure.config import current_providers
from webapp.web.connection_tests import queue
from webapp.web.connection_tests.forms import LoginForm
from webapp.web.connection_tests.ownership import (
    Subject,
    allowance_of,
    circle_offer,
    is_own,
    login_test_is_on,
    new_run_id,
    remember,
)

OTHER_KEY = "other_platform_tried"  # in the session: mark of the address
HELD_SECONDS_MIN = 10  # TTL that a stored password must have left when the question about blanks is answered


def page_with(form: LoginForm, subject: Subject) -> str:
    """Return the page of `form`, or that for who receives by IMAP."""
    if subject.by_imap:
        return render_template(
            "connection_tests/imap.html", provider=subject.provider, run_id=new_run_id(subject.address)
        )
    allowance = allowance_of(subject)
    if form.kind is Kind.CIRCLE:
        return render_template(
            "connection_tests/circle.html",
            form=form,
            provider=subject.provider,
            address=subject.address,
            offer=circle_offer(subject, allowance),
            run_id=new_run_id(subject.address),
            between=subject.provider.seconds_between_pop3_logins,
            seconds=int(BOUNDS.circle),
            logins=LOGINS_FOR_RECEIVING,
            attempts=ATTEMPTS,
        )
    return render_template(
        "connection_tests/index.html",
        form=form,
        account=subject.answers.account(current_providers()),
        provider=subject.provider,
        other=subject.other,
        run_id=new_run_id(subject.address),
        login_run_id=queue.run_id_of(subject) or new_run_id(subject.address),
        allowance=allowance,
        left=allowance.left if allowance else 0,
        login_test=login_test_is_on(allowance),
        circle=circle_offer(subject, allowance),
    )


def log_in(subject: Subject, run_id: str, form: LoginForm) -> ResponseReturnValue:
    """Begin the test of `form` with its login, or lead back to it.

    For a password with outer blanks the person is asked what to do; meanwhile it is in the password store.
    """
    passwords, blanks = jobs.current().passwords, request.form.get("blanks")
    password = None
    if blanks not in ("keep", "strip"):
        try:
            password = Secret(form.password.data or "")
            Secret(password.reveal().strip())  # blanks alone are no password
        except InputError as error:
            mistakes.put(form.password, error)
            return refuse(subject, form)
        if password.has_outer_blank:
            passwords.put(run_id, password)
            return redirect(
                url_for("connection_tests.blanks", run_id=run_id, kind=form.kind, **_platform(subject)), 303
            )
    elif passwords.seconds_left(run_id) < HELD_SECONDS_MIN:
        return _too_late(subject, type(form)(formdata=None))
    return start(subject, form.kind, run_id, password, strip=blanks == "strip")


def refuse(subject: Subject, form: LoginForm) -> ResponseReturnValue:
    """Lead to the page of the form, which tells what is wrong in it; nothing of a password is kept."""
    page = "connection_tests.circle" if form.kind is Kind.CIRCLE else "connection_tests.index"
    return mistakes.refuse(form, url_for(page, **_platform(subject)), lambda: (page_with(form, subject), 422))


def _too_late(subject: Subject, form: LoginForm) -> ResponseReturnValue:
    mistakes.put(form.password, N_("More than a minute has passed. Type your password again."))
    return refuse(subject, form)


def ask_about_blanks(subject: Subject, run_id: str, form: LoginForm) -> ResponseReturnValue:
    """Ask what to do with the blank, while the password still waits; else lead back to `form`, which is empty."""
    if jobs.current().passwords.seconds_left(run_id) < HELD_SECONDS_MIN:
        return _too_late(subject, form)
    return render_template("connection_tests/blanks.html", run_id=run_id, provider=subject.provider, kind=form.kind)


def _platform(subject: Subject) -> dict[str, Any]:
    """Return what a page's address says of the platform, where it is not that of the answers."""
    return {"provider": subject.provider.id} if subject.other else {}


def start(
    subject: Subject, kind: Kind, run_id: str, password: Secret | None = None, *, strip: bool = False
) -> ResponseReturnValue:
    """Begin the test; redirect to its result, or show why there is none."""
    begun = begin(
        subject.provider.account(subject.address), kind, run_id,
        network=request.remote_addr or "", invited=limits.invitation(), password=password, strip=strip,
    )  # fmt: skip
    match begun:
        case Beginning(Outcome.OFF, wait):
            return render_template("connection_tests/paused.html", until=wait.until if wait else None), 403
        case Beginning(Outcome.WAIT, limits.Wait(for_minute=True)) if (
            kind is Kind.LOGIN and queue.join(subject, run_id) is None
        ):
            return redirect(url_for("connection_tests.queue.show"), 303)
        case Beginning(Outcome.WAIT, limits.Wait() as wait):
            page = "connection_tests/over.html" if wait.over else "connection_tests/wait.html"
            response = Response(render_template(page, wait=wait, kind=kind), 429)
            response.headers["Retry-After"] = str(max(1, round((wait.until - datetime.now(UTC)).total_seconds())))
            return response
    queue.forget()
    if subject.other:
        session[OTHER_KEY] = subject.mark
    return shown(run_id, again=1 if begun.outcome is Outcome.AGAIN else None)


def shown(run_id: str, again: int | None = None) -> ResponseReturnValue:
    """Redirect to the result. A double submit may lack the cookie of the first response: own the run again."""
    if not is_own(run_id):
        remember(run_id)
    return redirect(url_for("connection_tests.show", run_id=run_id, again=again), 303)
