"""An agent's own account: sessions, second factors, password.

Who changes how they sign in, or ends sessions, has proved within the last minutes that they are there
(`webapp.helpdesk.presence`). A change of the second step ends every other session.
"""

from flask import Response, abort, redirect, render_template, request, url_for
from sqlalchemy import select

from webapp.core.systems import browser_of
from webapp.core.text import N_
from webapp.helpdesk import agents, audit, factors, sessions
from webapp.helpdesk.forms import ChangePasswordForm, TotpForm
from webapp.helpdesk.room import Answer, blueprint
from webapp.infrastructure import db, limits, mistakes
from webapp.infrastructure.config import current_config
from webapp.infrastructure.models import Agent, AgentSession
from webapp.infrastructure.qr import qr_code


@blueprint.get("/helpdesk/account")
@sessions.for_owner
def account() -> Answer:
    form = mistakes.form_of(ChangePasswordForm)
    return _page(form), mistakes.status(form)


def _page(form: ChangePasswordForm, codes: list[str] | None = None, *, changed: bool = False) -> str:
    with db.read() as reading:
        agent = sessions.my_account(reading)
        own = select(AgentSession).where(AgentSession.agent_id == agent.id).order_by(AgentSession.seen_at.desc())
        return render_template(
            "helpdesk/account.html",
            form=form,
            account=agent,
            own_sessions=list(reading.scalars(own)),
            session_id=_session_id,
            passkeys=factors.passkeys_of(reading, agent.id),
            passkeys_work=factors.passkeys_work(),
            codes_left=factors.recovery_codes_left(reading, agent.id),
            short_codes=factors.has_short_codes(reading, agent.id),
            codes=codes,
            once=codes is not None,
            changed=changed or "changed" in request.args,
            enrol=(sessions.me().must_enrol or "enrol" in request.args) and not sessions.has_factor(reading, agent),
        )


def _session_id(session: AgentSession) -> str:
    """Return what names a session in a form: a part of the hash, which opens nothing."""
    return session.token_hash.hex()[:16]


@blueprint.post("/helpdesk/account/sessions/end")
@sessions.for_present
def end_session() -> Answer:
    """End one of the agent's own sessions, or all but this one."""
    wanted = request.form.get("session", "")
    with db.begin() as writing:
        own = writing.scalars(select(AgentSession).where(AgentSession.agent_id == sessions.me().agent_id))
        for kept in list(own):
            if kept.token_hash != sessions.me().token_hash and wanted in ("others", _session_id(kept)):
                sessions.end(writing, sessions.me().agent_id, AgentSession.token_hash == kept.token_hash)
                audit.note(writing, sessions.me().login, audit.Action.SESSION_ENDED, sessions.me().login)
    return redirect(url_for("helpdesk.account"), 303)


@blueprint.post("/helpdesk/account/password")
@sessions.for_owner
def change_password() -> Answer:
    """Change the password; every other session of the agent ends."""
    form = ChangePasswordForm()
    form.login = sessions.me().login
    good = form.validate()
    if good and agents.verify(sessions.me().login, form.current.data or "") is None:
        mistakes.put(form.current, N_("That is not your present password"))
        good = False
    if not good:
        return mistakes.refuse(form, url_for("helpdesk.account"), lambda: (_page(form), 422))
    made = agents.hash_password(form.password.data)
    with db.begin() as writing:
        agent = sessions.my_account(writing, to_change=True)
        agent.password_hash = made
        limits.current().forgive_agent(agent.login, writing)
        sessions.end(writing, agent.id)
        audit.note(writing, agent.login, audit.Action.PASSWORD_SET, agent.login)
        token = sessions.begin(writing, agent, sessions.FULL_LEVEL)
    response: Response = redirect(url_for("helpdesk.account"), 303)  # type: ignore[assignment]
    return sessions.set_cookie(response, token)


@blueprint.post("/helpdesk/account/totp/begin")
@sessions.for_present
def begin_totp() -> Answer:
    """Make a secret that counts once its first code was typed."""
    with db.begin() as writing:
        _session(writing).enrolling = factors.sealed_secret(current_config(), factors.new_secret())
    return redirect(url_for("helpdesk.totp"), 303)


@blueprint.get("/helpdesk/account/totp")
@sessions.for_present
def totp() -> Answer:
    secret = _enrolling()
    if secret is None:
        return redirect(url_for("helpdesk.account"), 303)
    form = mistakes.form_of(TotpForm)
    return _totp_page(secret, form), mistakes.status(form)


def _totp_page(secret: str, form: TotpForm) -> str:
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    uri = factors.enrolment_uri(secret, sessions.me().login)
    return render_template("helpdesk/totp.html", form=form, secret=groups, qr_code=qr_code(uri))


@blueprint.post("/helpdesk/account/totp")
@sessions.for_present
def finish_totp() -> Answer:
    """Switch the authenticator app on, and show recovery codes where there are none yet."""
    secret, form = _enrolling(), TotpForm()
    if secret is None:
        return redirect(url_for("helpdesk.account"), 303)
    step = factors.accepted_step(secret, form.code.data or "", after=0)
    if step is None:
        text = N_("This code does not fit. Check the time of your phone, then type the next one.")
        mistakes.put(form.code, text)
        return mistakes.refuse(form, url_for("helpdesk.totp"), lambda: (_totp_page(secret, form), 422))
    with db.begin() as writing:
        agent = sessions.my_account(writing, to_change=True)
        agent.totp_secret, agent.totp_step = factors.sealed_secret(current_config(), secret), step
        _session(writing).enrolling = None
        codes = _codes_if_none(writing, agent)
    return _changed(codes)


@blueprint.post("/helpdesk/account/passkeys/options")
@sessions.for_owner
def new_passkey_options() -> Answer:
    if not factors.passkeys_work() or not sessions.me().is_present:
        abort(403)
    with db.begin() as writing:
        if len(factors.passkeys_of(writing, sessions.me().agent_id)) >= factors.PASSKEYS_MAX:
            abort(403)
        options = factors.registration_options(writing, _session(writing), sessions.my_account(writing, to_change=True))
    return Response(options, mimetype="application/json")


@blueprint.post("/helpdesk/account/passkeys")
@sessions.for_present
def add_passkey() -> Answer:
    if not factors.passkeys_work():
        abort(403)
    with db.begin() as writing:
        agent = sessions.my_account(writing, to_change=True)
        if not factors.register(
            writing, _session(writing), agent, request.form.get("credential", ""), browser_of(request.user_agent.string)
        ):
            abort(400)
        codes = _codes_if_none(writing, agent)
    return _changed(codes)


def _changed(codes: list[str] | None) -> str:
    return _page(ChangePasswordForm(formdata=None), codes, changed=True)


def _end_other_sessions(writing: db.Session) -> None:
    sessions.end(writing, sessions.me().agent_id, AgentSession.token_hash != sessions.me().token_hash)


def _codes_if_none(writing: db.Session, agent: Agent) -> list[str] | None:
    _end_other_sessions(writing)
    audit.note(writing, agent.login, audit.Action.FACTOR_ADDED, agent.login)
    if factors.recovery_codes_left(writing, agent.id):
        return None
    return factors.new_recovery_codes(writing, agent)


@blueprint.post("/helpdesk/account/recovery-codes")
@sessions.for_present
def renew_recovery_codes() -> Answer:
    with db.begin() as writing:
        codes = factors.new_recovery_codes(writing, sessions.my_account(writing, to_change=True))
        _end_other_sessions(writing)
        audit.note(writing, sessions.me().login, audit.Action.FACTOR_ADDED, sessions.me().login)
    return _changed(codes)


@blueprint.post("/helpdesk/account/factors/remove")
@sessions.for_present
def remove_factor() -> Answer:
    """Remove one second factor; recovery codes go with the last of them."""
    wanted = request.form.get("factor", "")
    with db.begin() as writing:
        agent = sessions.my_account(writing, to_change=True)
        if wanted == "totp":
            agent.totp_secret, agent.totp_step = None, 0
        else:
            keys = {str(key.id): key for key in factors.passkeys_of(writing, agent.id)}
            if wanted not in keys:
                abort(404)
            writing.delete(keys[wanted])
        writing.flush()
        if not sessions.has_factor(writing, agent):
            factors.remove_all(writing, agent)
        _end_other_sessions(writing)
        audit.note(writing, agent.login, audit.Action.FACTOR_REMOVED, agent.login)
    return redirect(url_for("helpdesk.account", changed=1), 303)


def _session(session: db.Session) -> AgentSession:
    kept = session.get(AgentSession, sessions.me().token_hash)
    if kept is None:  # ended meanwhile
        abort(403)
    return kept


def _enrolling() -> str | None:
    with db.read() as reading:
        return factors.opened_secret(current_config(), _session(reading).enrolling)
