"""The person's side: join an agent's case, ask for help, see who sees what, end it."""

from typing import Any

from flask import redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from webapp.core.account import shorten_address
from webapp.core.clients import CLIENTS
from webapp.core.text import N_, Message, new_reference
from webapp.helpdesk import agents, cases, colleagues, courses, hours, live, page_asks, person, prefill, summary, tokens
from webapp.helpdesk.forms import PersonCodeForm
from webapp.helpdesk.live import CODE_KEY, SESSION_KEY, forget_person_case, person_case
from webapp.helpdesk.live_view import build
from webapp.helpdesk.room import Answer, blueprint
from webapp.helpdesk.sessions import watchers
from webapp.helpdesk.way_back import FROM_KEY, where_they_were
from webapp.infrastructure import codes, db, fragments, i18n, limits, mistakes, security
from webapp.infrastructure.config import current_config
from webapp.infrastructure.models import Case, CaseState
from webapp.web.wizard import answers as store

# In the person's own sealed session: the secret before they agreed. It opens nothing, but tells their own invitation
# from others.
BEFORE_KEY = "help_before"
WRONG_CODE = N_("This code does not fit, or it has run out. Ask your helper to read it out once more.")


@blueprint.get("/join")
def join() -> Answer:
    """Ask for the agent's code; who is in a case already is led on."""
    case = person_case()
    if case is not None and case.state != CaseState.CLOSED:
        return redirect(url_for(_place(case)), 303)
    codes.browser()
    return _join(mistakes.form_of(PersonCodeForm))


def _join(form: PersonCodeForm) -> Answer:
    return render_template("helpdesk/join.html", form=form), mistakes.status(form)


def _place(case: Case) -> str:
    return {
        CaseState.WAITING: "helpdesk.wait",
        CaseState.CONFIRMING: "helpdesk.confirm",
        CaseState.BOOKED: "helpdesk.call",
    }.get(CaseState(case.state), "helpdesk.stored")


@blueprint.post("/join")
def enter_agents_code() -> Answer:
    """Exchange the code. Unknown, expired and used codes get one answer, and take the same statement."""
    form = PersonCodeForm()
    if not form.validate():
        return mistakes.refuse(form, url_for("helpdesk.join"), lambda: _join(form))

    def exchange(code: str) -> Response | None:
        secret = _own_secret(code)
        return _entered(secret) if cases.exchange_code(code, secret) else _again(secret)

    found = codes.entered(form.code.data or "", exchange)
    if isinstance(found, limits.Wait):
        return render_template("helpdesk/pause.html", for_agent=False, wait=found), 429
    if found is None:
        mistakes.put(form.code, WRONG_CODE)
        return mistakes.refuse(form, url_for("helpdesk.join"), lambda: _join(form))
    return found


@blueprint.get("/join/link/<token>")
def invitation(token: str) -> Answer:
    """Show a button: programs that look into links in mail use nothing up."""
    secret = _own_secret(token)  # before the click: two clicks have the same
    session.pop(FROM_KEY, None)
    if not cases.link_is_good(token):
        if (onward := _again(secret)) is not None:
            return onward
        standing = courses.standing(token)
        if standing == courses.Standing.EARLY:
            return render_template("helpdesk/course-early.html"), 403
        if standing != courses.Standing.GOOD:
            return render_template("helpdesk/invitation-over.html"), 410
    return render_template("helpdesk/invitation.html", token=token)


@blueprint.post("/join/link/<token>")
def use_invitation(token: str) -> Answer:
    secret = _own_secret(token)
    by_link = cases.exchange_link(token, secret)
    if by_link or courses.exchange_link(token, secret):
        onward = _entered(secret)
        if not by_link:
            session.pop(live.OVER_KEY, None)  # at a computer of the course's room others may have sat before
        return onward
    return _again(secret) or (render_template("helpdesk/invitation-over.html"), 410)


def _own_secret(invitation: str) -> str:
    """Return the secret by which this browser holds the case that `invitation` leads to: the same at every press.

    It holds until they agree. Who has copied the cookie before, perhaps of a computer for all, could make it, too.
    """
    return _made_of(codes.browser(), invitation)


def _made_of(kept: str, sent: str) -> str:
    """Return a secret that takes both to know: what this browser keeps, and what it sends."""
    return tokens.as_token(tokens.hashed(f"{kept} {sent}"))


def _again(secret: str) -> Response | None:
    """Lead on whoever presses once more what has let this browser in already; None for everybody else."""
    if secret == session.get(BEFORE_KEY):
        secret = str(session.get(SESSION_KEY))
    case = live.held_by(secret)
    if case is None or case.state in (CaseState.ENDED, CaseState.CLOSED):
        return None
    session[SESSION_KEY] = secret
    forget_person_case()
    return redirect(url_for(_place(case)), 303)


def _entered(secret: str) -> Response:
    """Go on with a session of this case alone; the URL holds no token any more."""
    before = person_case()
    if before is not None:
        cases.leave(before.id)
    session.pop(CODE_KEY, None)
    session.pop(BEFORE_KEY, None)
    live.begin(secret)
    return redirect(url_for("helpdesk.confirm"), 303)


@blueprint.get("/join/confirm")
def confirm() -> Answer:
    """Say who asks, and ask."""
    case = person_case()
    if case is None or case.state == CaseState.CLOSED:
        return redirect(url_for("helpdesk.join"), 303)
    if case.state != CaseState.CONFIRMING:
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
        press=tokens.new_token(),
        helper=person.helper(case),
        prepared_address=shorten_address(address) if address else "",
        own_address=shorten_address(own) if (own := store.load().email_address) else "",  # who comes next inherits none
        prepared_program=i18n.translate(Message(client.name)) if client else "",
        hours=current_config().helpdesk_retention,
    )


@blueprint.post("/join/confirm")
def agree() -> Answer:
    """Connect: from now on the agent sees the person's progress. What was prepared must be what the person has seen."""
    case = person_case()
    is_first = case is not None and case.joined_at is None  # not after another agent took over
    before = str(session.get(SESSION_KEY))
    secret = _made_of(before, request.form.get("press") or tokens.new_token())
    if case is not None and cases.confirm(case.id, request.form.get("prefill", ""), secret):
        session[SESSION_KEY], session[BEFORE_KEY] = secret, before
        forget_person_case()
        joined = person_case()
        if joined is not None:
            used = prefill.apply(cases.prefill_of(joined))
            cases.drop_prefill(case.id, used=used)
            if is_first:
                live.record_so_far(joined)
            return redirect(_onward(prepared=used), 303)
    forget_person_case()
    case = person_case()
    if case is not None and case.state == CaseState.CONFIRMING:
        return _confirm(case, changed=True), 409
    _again(secret)  # the second press of a page: its form alone makes the secret that the first one made
    return redirect(_onward(), 303)


def _onward(*, prepared: bool = False) -> str:
    target = where_they_were(prepared=prepared)
    session.pop(FROM_KEY, None)
    return target


@blueprint.post("/join/confirm/start-over")
def start_over() -> Answer:
    """Clear what somebody else left in this browser, before who is asked agrees to show it."""
    case = person_case()
    if case is None or case.state != CaseState.CONFIRMING:
        return redirect(url_for("helpdesk.join"), 303)
    kept = {name: session[name] for name in (SESSION_KEY, codes.BROWSER_KEY, "locale") if name in session}
    session.clear()
    session.update(kept)
    return redirect(url_for("helpdesk.confirm"), 303)


@blueprint.post("/join/end")
def end() -> Answer:
    """End the help, or say no before it began."""
    case = person_case()
    if case is not None and case.state != CaseState.CLOSED:
        cases.leave(case.id)
        live.keep_sheet(case)
    _forget()
    return redirect(url_for("helpdesk.ended"), 303)


@blueprint.get("/join/ended")
def ended() -> Answer:
    return render_template("helpdesk/ended.html", over=summary.case_that_ended())


def _forget() -> None:
    for name in (SESSION_KEY, CODE_KEY, BEFORE_KEY):
        session.pop(name, None)
    forget_person_case()


@blueprint.post("/join/help")
def ask_for_help() -> Answer:
    """Make a code that the person reads out to whoever helps. Whoever asks once more keeps their place in the queue."""
    case = person_case()
    waits = case is not None and case.state == CaseState.WAITING
    if case is not None and not waits and case.state != CaseState.CLOSED:
        return redirect(url_for("helpdesk.wait"), 303)
    if not agents.any_active():
        return redirect(url_for("helpdesk.join"), 303)
    if not hours.is_open(current_config()):
        return redirect(url_for("helpdesk.call"), 303)
    reference = case.reference if case is not None and waits else new_reference()
    limits.current().give_back(reference)
    if limits.current().take_waiting(request.remote_addr or "", reference) is not None:
        return render_template("helpdesk/queue-full.html", times=hours.windows(current_config())), 429
    if case is not None and waits:
        session[CODE_KEY] = cases.renew_code(case.id) or session.get(CODE_KEY, "")
    else:
        token, session[CODE_KEY] = cases.ask_for_help(reference)
        live.begin(token)
    forget_person_case()
    return redirect(url_for("helpdesk.wait"), 303)


@blueprint.get("/join/wait")
def wait() -> Answer:
    """Show the code to read out, until somebody has entered it."""
    case = person_case()
    if case is None or case.state != CaseState.WAITING:
        return redirect(url_for("helpdesk.confirm") if case is not None else url_for("helpdesk.join"), 303)
    config = current_config()
    return render_template(
        "helpdesk/wait.html",
        case=case,
        code=codes.spoken(session.get(CODE_KEY, "")),
        nobody=not watchers.get(),
        opens=hours.opens_next(config),
        times=bool(config.helpdesk_hours),
    )


@blueprint.get("/join/stored")
def stored() -> Answer:
    """Say what is stored of this person, line by line, and who sees it."""
    case = person_case()
    lines: list[Any] = []
    notes = 0
    if case is not None:
        with db.read() as reading:
            events = cases.events_of(reading, case.id)
            notes = len(cases.notes_of(reading, case.id))
        lines = build(events).log
    return render_template(
        "helpdesk/stored.html",
        case=case,
        helper=person.helper(case) if case is not None else None,
        lines=lines,
        notes=notes,
        hours=current_config().helpdesk_retention,
    )


@blueprint.post("/join/address")
def share_address() -> Answer:
    """Show the agent the whole address, or shorten it again."""
    case, address = person_case(), store.load().email_address
    if case is not None and case.state == CaseState.JOINED and address:
        whole = request.form.get("whole") == "yes"
        cases.share_address(case.id, address if whole else shorten_address(address), whole=whole)
        forget_person_case()
    return redirect(url_for("helpdesk.stored"), 303)


@blueprint.post("/join/delete")
def delete_now() -> Answer:
    """Delete the case at once, with everything that hangs on it."""
    live.erase_cases()
    _forget()
    session.pop(live.OVER_KEY, None)
    return security.clear_site(redirect(url_for("helpdesk.deleted"), 303))


@blueprint.get("/join/deleted")
def deleted() -> Answer:
    """Say that the case is gone, and what is not."""
    return render_template("helpdesk/deleted.html", begun=bool(store.load()))


@blueprint.get("/join/colleague")
def colleague() -> Answer:
    """Say who wants to look on, and ask; to who has agreed, offer the end of it."""
    case = person_case()
    watcher = person.watcher(case)
    if case is None or watcher is None:
        return redirect(url_for("helpdesk.stored"), 303)
    return render_template("helpdesk/colleague.html", watcher=watcher, helper=person.helper(case))


@blueprint.post("/join/colleague")
def answer_colleague() -> Answer:
    """Let the colleague look on whose name was read; everything else ends it."""
    case = person_case()
    watcher = person.watcher(case)
    if case is not None and watcher is not None:
        if request.form.get("answer") == "yes" and request.form.get("agent") == str(watcher.agent_id):
            colleagues.agree(case.id, watcher.agent_id)
        else:
            colleagues.end(case.id)
        forget_person_case()
    return redirect(url_for("helpdesk.stored"), 303)


@blueprint.get("/join/banner")
def banner() -> Answer:
    """Return the banner anew, or 304 while it says the same."""
    shown = person.banner()
    return fragments.answer(shown["tag"], lambda: render_template("helpdesk/_banner.html", helpdesk=shown))


@blueprint.post("/join/asked")
def answer_ask() -> Answer:
    """Look at who asks for the test of this browser, and decide."""
    asked = person.asked_by()
    if asked is None:
        return redirect(url_for("helpdesk.join"), 303)
    secret = tokens.new_token()
    if not page_asks.follow(asked[0].id, secret):
        return redirect(url_for("helpdesk.join"), 303)
    session[FROM_KEY] = url_for("connection_tests.show", run_id=asked[1])
    return _entered(secret)
