"""How agents sign in: password or issuer, then the second factor."""

import time
from typing import Any

from flask import Response, abort, make_response, redirect, render_template, request, session, url_for

from webapp.core.text import N_, Message
from webapp.helpdesk import agents, audit, factors, oidc, sessions, tokens
from webapp.helpdesk.forms import TICKET, FactorForm, NewPasswordForm, SignInForm
from webapp.helpdesk.room import Answer, blueprint
from webapp.infrastructure import db, i18n, limits, mistakes, security
from webapp.infrastructure.config import current_config
from webapp.infrastructure.models import Agent, AgentSession

REFUSED = N_(
    "That did not work. Look at name and password once more, at capitals and small letters too. After several tries "
    "the account waits a minute."
)
NOT_BEGUN = N_("This sign-in was not begun in this browser, or it has run out. Begin it here once more.")
FACTOR_REFUSED = N_("This code does not fit, or it was used before. Take the next one the app shows.")
ACCOUNT_KEY = "helpdesk_account"  # in the session: who signs in comes from their account, and goes on there
TICKET_KEY = "helpdesk_ticket"  # in the session: the reference of a deep link, while the agent signs in


@blueprint.get("/helpdesk/sign-in")
def sign_in() -> Answer:
    found = sessions.current()
    if found is not None and found.level == sessions.FULL_LEVEL:
        return redirect(url_for("helpdesk.overview"), 303)
    form = mistakes.form_of(SignInForm)
    return _sign_in_page(form), mistakes.status(form)


@blueprint.post("/helpdesk/sign-in")
def sign_in_with_password() -> Answer:
    form = SignInForm()
    agent = agents.verify(form.login.data or "", form.password.data or "", request.remote_addr or "")
    if agent is None:
        return _refused(form)
    with db.begin() as writing:
        return let_in(writing, writing.merge(agent))


def _refused(form: SignInForm) -> Answer:
    mistakes.put(form.password, REFUSED)
    return mistakes.refuse(form, url_for("helpdesk.sign_in"), lambda: (_sign_in_page(form), 422))


def _sign_in_page(form: SignInForm, problem: str = "") -> str:
    """problem: why the issuer's way did not lead in; what is wrong with the password stands in the form."""
    oidc.allow_its_form()
    return render_template("helpdesk/sign-in.html", form=form, issuer=oidc.name(), problem=problem)


def let_in(writing: db.Session, agent: Agent) -> Response:
    """Start a session of an agent who has proved their first factor: whole, or waiting for the second."""
    if sessions.has_factor(writing, agent):
        token = sessions.begin(writing, agent, sessions.PASSWORD_LEVEL)
        target = url_for("helpdesk.second_factor")
    else:
        limits.current().forgive_agent(agent.login, writing)
        audit.note(writing, agent.login, audit.Action.SIGNED_IN)
        token = sessions.begin(writing, agent, sessions.FULL_LEVEL)
        session.pop(ACCOUNT_KEY, None)
        target = session.pop(sessions.RETURN_KEY, None) or url_for("helpdesk.account", enrol=1)
    return sessions.set_cookie(make_response(redirect(target, 303)), token)


@blueprint.get("/helpdesk/second-factor")
def second_factor() -> Answer:
    found = sessions.current()
    if found is None:
        return redirect(url_for("helpdesk.sign_in"), 303)
    if found.level == sessions.FULL_LEVEL:
        return redirect(url_for("helpdesk.overview"), 303)
    form = mistakes.form_of(FactorForm)
    return _factor_page(found, form), mistakes.status(form)


def _factor_page(found: sessions.SignedIn, form: FactorForm) -> str:
    with db.read() as reading:
        passkeys = factors.passkeys_work() and bool(factors.passkeys_of(reading, found.agent_id))
    return render_template("helpdesk/second-factor.html", form=form, passkeys=passkeys, agent=found)


@blueprint.post("/helpdesk/second-factor")
def prove_second_factor() -> Answer:
    """Take a code of the app, a recovery code, or the answer of a passkey; a good one makes a new, full session."""
    found = sessions.current()
    if found is None or found.level == sessions.FULL_LEVEL:
        return redirect(url_for("helpdesk.sign_in"), 303)
    form = FactorForm()
    waits = limits.current().take_sign_in(tokens.new_token(), login=found.login) is not None
    with db.begin() as writing:
        agent = writing.get(Agent, found.agent_id, with_for_update=True)
        kept = writing.get(AgentSession, found.token_hash)
        if agent is None or kept is None or agent.disabled_at:
            return redirect(url_for("helpdesk.sign_in"), 303)
        if not waits and proved(writing, agent, kept, form):
            limits.current().forgive_agent(agent.login, writing)
            audit.note(writing, agent.login, audit.Action.SIGNED_IN)
            token = sessions.begin(writing, agent, sessions.FULL_LEVEL)
            return sessions.set_cookie(make_response(_after_sign_in()), token)
        if waits:  # back to the password, which waits too
            writing.delete(kept)
        else:
            audit.note(writing, agent.login, audit.Action.SIGN_IN_REFUSED)
    if waits:
        return _refused(SignInForm(formdata=None, data={"login": found.login}))
    mistakes.put(form.code, FACTOR_REFUSED)
    return mistakes.refuse(form, url_for("helpdesk.second_factor"), lambda: (_factor_page(found, form), 422))


def proved(writing: db.Session, agent: Agent, kept: AgentSession, form: FactorForm) -> bool:
    """Whether the form holds a code of the app, a recovery code, or the answer of a passkey; it is used up."""
    credential, code = request.form.get("credential", ""), form.code.data or ""
    if credential:
        return factors.passkeys_work() and factors.authenticate(writing, kept, agent, credential)
    if factors.check_totp(current_config(), agent, code):
        return True
    if factors.use_recovery_code(current_config(), writing, agent, code):
        audit.note(writing, agent.login, audit.Action.RECOVERY_USED)
        return True
    return False


@blueprint.post("/helpdesk/second-factor/options")
def passkey_options() -> Answer:
    """Hand the browser a fresh challenge for a passkey of this agent."""
    found = sessions.current()
    if found is None or not factors.passkeys_work():
        abort(403)
    with db.begin() as writing:
        kept = writing.get(AgentSession, found.token_hash)
        if kept is None:
            abort(403)
        return Response(factors.authentication_options(writing, kept, found.agent_id), mimetype="application/json")


def _after_sign_in() -> Response:
    if session.pop(ACCOUNT_KEY, False):
        return make_response(redirect(url_for("helpdesk.account"), 303))
    ticket = session.pop(TICKET_KEY, "")
    if isinstance(ticket, str) and TICKET.fullmatch(ticket):
        return make_response(redirect(url_for("helpdesk.new_case", ref=ticket), 303))
    return make_response(redirect(session.pop(sessions.RETURN_KEY, None) or url_for("helpdesk.overview"), 303))


@blueprint.post("/helpdesk/sign-out")
def sign_out() -> Answer:
    found = sessions.current()
    if found is not None:
        with db.begin() as writing:
            sessions.end(writing, found.agent_id, AgentSession.token_hash == found.token_hash)
            audit.note(writing, found.login, audit.Action.SIGNED_OUT)
    return security.clear_site(sessions.drop_cookie(make_response(redirect(url_for("helpdesk.sign_in"), 303))))


@blueprint.get("/helpdesk/first-run/<token>")
def first_run(token: str) -> Answer:
    """Show the form of a first-run link; opening the link uses nothing up."""
    with db.read() as reading:
        agent = _invited(reading, token)
    return _first_run(mistakes.form_of(NewPasswordForm), agent, token)


def _invited(session: db.Session, token: str, *, alone: bool = False) -> Agent:
    """Return the agent whom a first-run link is for; ends the request with 410 where it is good no more."""
    agent = agents.by_setup(session, token, alone=alone)
    if agent is None:
        abort(make_response(render_template("helpdesk/first-run-over.html"), 410))
    return agent


def _first_run(form: NewPasswordForm, agent: Agent, token: str) -> Answer:
    return render_template("helpdesk/first-run.html", form=form, agent=agent, token=token), mistakes.status(form)


@blueprint.post("/helpdesk/first-run/<token>")
def finish_first_run(token: str) -> Answer:
    """Set the password. The link is used up; second factors set up before are gone, for this is how a lost one ends."""
    form = NewPasswordForm()
    with db.read() as reading:
        agent = _invited(reading, token)
        form.login = agent.login
        if not form.validate():
            where = url_for("helpdesk.first_run", token=token)
            return mistakes.refuse(form, where, lambda: _first_run(form, agent, token))
    made = agents.hash_password(form.password.data)
    with db.begin() as writing:
        agent = _invited(writing, token, alone=True)
        agent.password_hash, agent.setup_hash, agent.setup_expires_at = made, None, None
        factors.remove_all(writing, agent)
        sessions.end(writing, agent.id)
        writing.flush()
        audit.note(writing, agent.login, audit.Action.PASSWORD_SET)
        return let_in(writing, agent)


@blueprint.post("/helpdesk/oidc")
def go_to_issuer() -> Answer:
    """Send the browser to the issuer; who is signed in proves there anew that they are present."""
    if not oidc.name():
        abort(404)
    found = sessions.current()
    anew = found is not None and found.level == sessions.FULL_LEVEL
    session.pop(ACCOUNT_KEY, None)
    if anew:
        session[ACCOUNT_KEY] = True
    return oidc.redirect_to_issuer("helpdesk.back_from_issuer", anew=anew)


@blueprint.get("/helpdesk/oidc/return")
def back_from_issuer() -> Answer:
    """Let in the agent whom the issuer vouches for. The state in the session makes this GET good once only.

    What is refused counts as with a password, and is written into the log: only where this browser began a sign-in,
    so that no foreign page does it in somebody's name.
    """
    if not oidc.name():
        abort(404)
    if not oidc.is_begun(request.args.get("state", "")):
        return _refused_by_issuer(NOT_BEGUN)
    click = tokens.new_token()
    if limits.current().take_sign_in(click, address=request.remote_addr or "") is not None:
        return _refused_by_issuer(REFUSED)
    claimed = oidc.claims()
    with db.begin() as writing:
        agent = None if _is_stale(claimed) else oidc.agent_from_answer(claimed, writing)
        response = let_in(writing, agent) if agent is not None else None
        if response is None:
            audit.note(writing, "", audit.Action.SIGN_IN_REFUSED, "OpenID Connect")
    if response is None:
        return _refused_by_issuer(N_("The issuer did not name an agent of this helpdesk. Ask your administrator."))
    limits.current().give_back(click)
    return response


def _is_stale(claimed: dict[str, Any] | None) -> bool:
    """Whether the issuer let somebody through by an old sign-in who had to prove that they are present."""
    at = claimed.get("auth_time") if claimed is not None and ACCOUNT_KEY in session else None
    return isinstance(at, int) and at < time.time() - sessions.PRESENCE.total_seconds()


def _refused_by_issuer(text: str) -> Answer:
    return _sign_in_page(SignInForm(formdata=None), i18n.translate(Message(text))), 403
