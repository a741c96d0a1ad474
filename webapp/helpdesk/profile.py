"""An agent's own account: sessions, second factors, password.

Who changes how they sign in, or ends sessions, has proved within the last minutes that they are there
(`webapp.helpdesk.presence`). A change of the second step ends every other session.
"""

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.core.systems import browser_of
from webapp.core.text import N_, Message
from webapp.helpdesk import agents, audit, factors, sessions
from webapp.helpdesk.audit import Action
from webapp.helpdesk.forms import ChangePasswordForm, TotpForm
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.sessions import for_owner, for_present, me
from webapp.infrastructure import db, mistakes
from webapp.infrastructure.config import current_config
from webapp.infrastructure.i18n import translate
from webapp.infrastructure.models import Agent, AgentSession, Passkey
from webapp.infrastructure.qr import qr_code


@blueprint.get("/helpdesk/account")
@for_owner
def account() -> ResponseReturnValue:
    form = mistakes.form_of(ChangePasswordForm)
    return _page(form), mistakes.status(form)


def _page(form: ChangePasswordForm, codes: list[str] | None = None, *, changed: bool = False) -> str:
    with db.read() as reading:
        agent = reading.get(Agent, me().agent_id)
        assert agent is not None  # noqa: S101  signed in
        has_factor = bool(agent.totp_secret) or bool(factors.passkeys_of(reading, agent.id))
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
            enrol=(me().must_enrol or "enrol" in request.args) and not has_factor,
        )


def _session_id(session: AgentSession) -> str:
    """Return what names a session in a form: a part of the hash, which opens nothing."""
    return session.token_hash.hex()[:16]


@blueprint.post("/helpdesk/account/sessions/end")
@for_present
def end_session() -> ResponseReturnValue:
    """End one of the agent's own sessions, or all but this one."""
    wanted = request.form.get("session", "")
    with db.begin() as writing:
        own = writing.scalars(select(AgentSession).where(AgentSession.agent_id == me().agent_id))
        for kept in list(own):
            if kept.token_hash != me().token_hash and wanted in ("others", _session_id(kept)):
                sessions.end(writing, me().agent_id, kept.token_hash)
                audit.note(writing, me().login, Action.SESSION_ENDED, me().login)
    return redirect(url_for("helpdesk.account"), 303)


@blueprint.post("/helpdesk/account/password")
@for_owner
def change_password() -> ResponseReturnValue:
    """Change the password; every other session of the agent ends."""
    form = ChangePasswordForm()
    form.login = me().login
    good = form.validate()
    if good and agents.verify(me().login, form.current.data or "") is None:
        form.current.errors = [translate(Message(N_("That is not your present password")))]
        good = False
    if not good:
        return mistakes.refuse(form, url_for("helpdesk.account"), lambda: (_page(form), 422))
    made = agents.hash_password(form.password.data)
    with db.begin() as writing:
        agent = _me(writing)
        agent.password_hash = made
        agents.forgive(writing, agent)
        sessions.end(writing, agent.id)
        audit.note(writing, agent.login, Action.PASSWORD_SET, agent.login)
        token = sessions.begin(writing, agent, sessions.FULL_LEVEL)
    response: Response = redirect(url_for("helpdesk.account"), 303)  # type: ignore[assignment]
    return sessions.set_cookie(response, token)


@blueprint.post("/helpdesk/account/totp/begin")
@for_present
def begin_totp() -> ResponseReturnValue:
    """Make a secret that counts once its first code was typed."""
    with db.begin() as writing:
        _session(writing).enrolling = factors.sealed_secret(current_config(), factors.new_secret())
    return redirect(url_for("helpdesk.totp"), 303)


@blueprint.get("/helpdesk/account/totp")
@for_present
def totp() -> ResponseReturnValue:
    secret = _enrolling()
    if secret is None:
        return redirect(url_for("helpdesk.account"), 303)
    form = mistakes.form_of(TotpForm)
    return _totp_page(secret, form), mistakes.status(form)


def _totp_page(secret: str, form: TotpForm) -> str:
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    uri = factors.enrolment_uri(secret, me().login)
    return render_template("helpdesk/totp.html", form=form, secret=groups, qr_code=qr_code(uri))


@blueprint.post("/helpdesk/account/totp")
@for_present
def finish_totp() -> ResponseReturnValue:
    """Switch the authenticator app on, and show recovery codes where there are none yet."""
    secret, form = _enrolling(), TotpForm()
    if secret is None:
        return redirect(url_for("helpdesk.account"), 303)
    step = factors.accepted_step(secret, form.code.data or "", after=0)
    if step is None:
        text = N_("This code does not fit. Check the time of your phone, then type the next one.")
        form.code.errors = [translate(Message(text))]
        return mistakes.refuse(form, url_for("helpdesk.totp"), lambda: (_totp_page(secret, form), 422))
    with db.begin() as writing:
        agent = _me(writing)
        agent.totp_secret, agent.totp_step = factors.sealed_secret(current_config(), secret), step
        _session(writing).enrolling = None
        codes = _codes_if_none(writing, agent)
    return _changed(codes)


@blueprint.post("/helpdesk/account/passkeys/options")
@for_owner
def new_passkey_options() -> ResponseReturnValue:
    if not factors.passkeys_work() or not me().is_present:
        abort(403)
    with db.begin() as writing:
        if len(factors.passkeys_of(writing, me().agent_id)) >= factors.PASSKEYS_MAX:
            abort(403)
        options = factors.registration_options(writing, _session(writing), _me(writing))
    return Response(options, mimetype="application/json")


@blueprint.post("/helpdesk/account/passkeys")
@for_present
def add_passkey() -> ResponseReturnValue:
    if not factors.passkeys_work():
        abort(403)
    with db.begin() as writing:
        agent = _me(writing)
        if not factors.register(
            writing, _session(writing), agent, request.form.get("credential", ""), browser_of(request.user_agent.string)
        ):
            abort(400)
        codes = _codes_if_none(writing, agent)
    return _changed(codes)


def _changed(codes: list[str] | None) -> str:
    return _page(ChangePasswordForm(formdata=None), codes, changed=True)


def _end_other_sessions(writing: Session) -> None:
    for kept in list(writing.scalars(select(AgentSession).where(AgentSession.agent_id == me().agent_id))):
        if kept.token_hash != me().token_hash:
            sessions.end(writing, me().agent_id, kept.token_hash)


def _codes_if_none(writing: Session, agent: Agent) -> list[str] | None:
    _end_other_sessions(writing)
    audit.note(writing, agent.login, Action.FACTOR_ADDED, agent.login)
    if factors.recovery_codes_left(writing, agent.id):
        return None
    return factors.new_recovery_codes(writing, agent)


@blueprint.post("/helpdesk/account/recovery-codes")
@for_present
def renew_recovery_codes() -> ResponseReturnValue:
    with db.begin() as writing:
        codes = factors.new_recovery_codes(writing, _me(writing))
        _end_other_sessions(writing)
        audit.note(writing, me().login, Action.FACTOR_ADDED, me().login)
    return _changed(codes)


@blueprint.post("/helpdesk/account/factors/remove")
@for_present
def remove_factor() -> ResponseReturnValue:
    """Remove one second factor; recovery codes go with the last of them."""
    wanted = request.form.get("factor", "")
    with db.begin() as writing:
        agent = _me(writing)
        if wanted == "totp":
            agent.totp_secret, agent.totp_step = None, 0
        else:
            keys = {str(key.id): key for key in factors.passkeys_of(writing, agent.id)}
            if wanted not in keys:
                abort(404)
            writing.delete(keys[wanted])
        writing.flush()
        if not agent.totp_secret and not writing.scalar(select(Passkey.id).where(Passkey.agent_id == agent.id)):
            factors.remove_all(writing, agent)
        _end_other_sessions(writing)
        audit.note(writing, agent.login, Action.FACTOR_REMOVED, agent.login)
    return redirect(url_for("helpdesk.account", changed=1), 303)


def _me(session: Session) -> Agent:
    agent = session.get(Agent, me().agent_id, with_for_update=True)
    assert agent is not None  # noqa: S101  signed in
    return agent


def _session(session: Session) -> AgentSession:
    kept = session.get(AgentSession, me().token_hash)
    if kept is None:  # ended meanwhile
        abort(403)
    return kept


def _enrolling() -> str | None:
    with db.read() as reading:
        return factors.opened_secret(current_config(), _session(reading).enrolling)
