"""The person's side: join an agent's case, ask for help, see who sees what, end it."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp import db
from webapp.account import shorten_address
from webapp.clients import CLIENTS
from webapp.config import current_config
from webapp.helpdesk import attempts, cases, live, person, prefill
from webapp.helpdesk.cases import State
from webapp.helpdesk.forms import PersonCodeForm
from webapp.helpdesk.live import SESSION_KEY, forget_person_case, person_case
from webapp.helpdesk.picture import paint, way
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.tokens import spoken
from webapp.i18n import current_locale, translate
from webapp.models import Case
from webapp.security import network
from webapp.text import N_, Message
from webapp.wizard import answers as store

CODE_KEY = "help_code"  # in the person's own sealed session: the code they read out
WRONG_CODE = N_("This code does not fit, or it has run out. Ask your helper to read it out once more.")


@blueprint.get("/join")
def join() -> ResponseReturnValue:
    """Ask for the agent's code; who is in a case already is led on."""
    case = person_case()
    if case is not None and case.state != State.CLOSED:
        return redirect(url_for(_place(case)), 303)
    return render_template("helpdesk/join.html", form=PersonCodeForm(formdata=None))


def _place(case: Case) -> str:
    return {
        State.WAITING: "helpdesk.wait",
        State.CONFIRMING: "helpdesk.confirm",
    }.get(State(case.state), "helpdesk.stored")


@blueprint.post("/join")
def enter_agents_code() -> ResponseReturnValue:
    """Exchange the code. Unknown, expired and used codes get one answer, and take the same statement."""
    form = PersonCodeForm()
    if not form.validate():
        return render_template("helpdesk/join.html", form=form), 422
    limits = attempts.codes_from(network(request.remote_addr or ""))
    if attempts.take(*limits) is not None:
        return render_template("helpdesk/pause.html", for_agent=False), 429
    token = cases.exchange_code(form.code.data or "")
    if token is None:
        form.code.errors = [translate(Message(WRONG_CODE))]
        return render_template("helpdesk/join.html", form=form), 422
    attempts.give_back(*limits)
    return _entered(token)


@blueprint.get("/join/link/<token>")
def invitation(token: str) -> ResponseReturnValue:
    """Show a button: programs that look into links in mail use nothing up."""
    if not cases.link_is_good(token):
        return render_template("helpdesk/invitation-over.html"), 410
    return render_template("helpdesk/invitation.html", token=token)


@blueprint.post("/join/link/<token>")
def use_invitation(token: str) -> ResponseReturnValue:
    found = cases.exchange_link(token)
    if found is None:
        return render_template("helpdesk/invitation-over.html"), 410
    return _entered(found)


def _entered(token: str) -> ResponseReturnValue:
    """Go on with a session of this case alone; the URL holds no token any more."""
    before = person_case()
    if before is not None:
        cases.leave(before.id)
    session.pop(CODE_KEY, None)
    session[SESSION_KEY] = token
    forget_person_case()
    return redirect(url_for("helpdesk.confirm"), 303)


@blueprint.get("/join/confirm")
def confirm() -> ResponseReturnValue:
    """Say who asks, and ask."""
    case = person_case()
    if case is None or case.state == State.CLOSED:
        return redirect(url_for("helpdesk.join"), 303)
    if case.state != State.CONFIRMING:
        return redirect(url_for(_place(case)), 303)
    return _confirm(case)


def _confirm(case: Case, *, changed: bool = False) -> str:
    prepared = cases.prefill_of(case)
    client = CLIENTS.get(prepared.get("client", ""))
    address = prepared.get("email_address", "")
    return render_template(
        "helpdesk/confirm.html",
        case=case,
        changed=changed,
        prefill_mark=cases.prefill_mark(case),
        helper=person.helper(case),
        prepared_address=shorten_address(address) if address else "",
        prepared_program=client.name if client else "",
        hours=current_config().helpdesk_retention,
    )


@blueprint.post("/join/confirm")
def agree() -> ResponseReturnValue:
    """Connect: from now on the agent sees the person's progress. What was prepared must be what the person has seen."""
    case = person_case()
    asked = case is not None and case.state == State.CONFIRMING
    if case is not None and asked and request.form.get("prefill", "") != cases.prefill_mark(case):
        return _confirm(case, changed=True), 409
    if case is not None and cases.confirm(case.id):
        forget_person_case()
        joined = person_case()
        if joined is not None:
            used = prefill.apply(cases.prefill_of(case))
            cases.drop_prefill(case.id, used=used)
            live.record_so_far(joined)
    return redirect(url_for("wizard.start") if not store.load() else _where_they_were(), 303)


def _where_they_were() -> str:
    from webapp.wizard.steps import path

    return url_for("wizard.step", slug=path(store.load())[-1].slug)


@blueprint.post("/join/end")
def end() -> ResponseReturnValue:
    """End the help, or say no before it began."""
    case = person_case()
    if case is not None and case.state != State.CLOSED:
        cases.leave(case.id)
    _forget()
    return redirect(url_for("helpdesk.ended"), 303)


@blueprint.get("/join/ended")
def ended() -> ResponseReturnValue:
    return render_template("helpdesk/ended.html")


def _forget() -> None:
    session.pop(SESSION_KEY, None)
    session.pop(CODE_KEY, None)
    forget_person_case()


@blueprint.post("/join/help")
def ask_for_help() -> ResponseReturnValue:
    """Make a code that the person reads out to whoever helps."""
    case = person_case()
    if case is None or case.state == State.CLOSED:
        limit = attempts.Limit("help", network(request.remote_addr or ""), 10, 15 * 60)
        if attempts.take(limit) is not None:
            return render_template("helpdesk/pause.html", for_agent=False), 429
        token, code = cases.ask_for_help()
        session[SESSION_KEY], session[CODE_KEY] = token, code
    elif case.state == State.WAITING and (renewed := cases.renew_code(case.id)) is not None:
        session[CODE_KEY] = renewed
    forget_person_case()
    return redirect(url_for("helpdesk.wait"), 303)


@blueprint.get("/join/wait")
def wait() -> ResponseReturnValue:
    """Show the code to read out, until somebody has entered it."""
    case = person_case()
    if case is None or case.state != State.WAITING:
        return redirect(url_for("helpdesk.confirm") if case is not None else url_for("helpdesk.join"), 303)
    return render_template("helpdesk/wait.html", case=case, code=spoken(session.get(CODE_KEY, "")))


@blueprint.get("/join/stored")
def stored() -> ResponseReturnValue:
    """Say what is stored of this person, line by line, and who sees it."""
    case = person_case()
    lines: list[Any] = []
    if case is not None:
        with db.read() as reading:
            events = cases.events_of(reading, case.id)
        lines = paint(events, way(events), None).log
    return render_template(
        "helpdesk/stored.html",
        case=case,
        helper=person.helper(case) if case is not None else None,
        lines=lines,
        hours=current_config().helpdesk_retention,
    )


@blueprint.post("/join/address")
def share_address() -> ResponseReturnValue:
    """Show the agent the whole address, or shorten it again."""
    case, address = person_case(), store.load().email_address
    if case is not None and case.state == State.JOINED and address:
        whole = request.form.get("whole") == "yes"
        cases.share_address(case.id, address if whole else shorten_address(address), whole=whole)
        forget_person_case()
    return redirect(url_for("helpdesk.stored"), 303)


@blueprint.post("/join/delete")
def delete_now() -> ResponseReturnValue:
    """Delete the case at once, with everything that hangs on it."""
    case = person_case()
    if case is not None:
        cases.erase(case.id)
    _forget()
    response: Response = redirect(url_for("helpdesk.deleted"), 303)  # type: ignore[assignment]
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.get("/join/deleted")
def deleted() -> ResponseReturnValue:
    """Say that the case is gone, and what is not."""
    return render_template("helpdesk/deleted.html", begun=bool(store.load()))


@blueprint.get("/join/banner")
def banner() -> ResponseReturnValue:
    """Return the banner anew, or 304 while it says the same."""
    case = person_case()
    etag = f"{case.sequence}-{current_locale()}" if case is not None else f"none-{current_locale()}"
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    else:
        response = Response(render_template("helpdesk/_banner.html"), mimetype="text/html")
    response.set_etag(etag)
    return response
