"""Proof that the agent is at the browser, before they change how they sign in: a copied cookie is not enough.

The password, a code, a passkey, or the issuer anew. Who proves it gets a session with a new id, which is believed for
`sessions.PRESENCE`.
"""

from flask import make_response, redirect, render_template, request, url_for

from webapp.core.text import N_
from webapp.helpdesk import agents, audit, factors, oidc, sessions, tokens
from webapp.helpdesk.forms import PresenceForm
from webapp.helpdesk.room import Answer, blueprint
from webapp.helpdesk.sign_in import proved
from webapp.infrastructure import db, limits, mistakes
from webapp.infrastructure.models import Agent, AgentSession

REFUSED = N_("That does not fit, or the account is waiting after several tries. Wait a minute and try again.")


@blueprint.get("/helpdesk/account/presence")
@sessions.for_owner
def presence() -> Answer:
    form = mistakes.form_of(PresenceForm)
    return _page(form), mistakes.status(form)


def _page(form: PresenceForm) -> str:
    oidc.allow_its_form()
    with db.read() as reading:
        agent = sessions.my_account(reading)
        return render_template(
            "helpdesk/presence.html",
            form=form,
            has_password=bool(agent.password_hash),
            has_factor=sessions.me().has_factor,
            passkeys=factors.passkeys_work() and bool(factors.passkeys_of(reading, agent.id)),
            issuer=oidc.name() if agent.oidc_subject else "",
        )


@blueprint.post("/helpdesk/account/presence")
@sessions.for_owner
def prove_presence() -> Answer:
    form = PresenceForm()
    password = form.password.data
    if password:
        good = agents.verify(sessions.me().login, password) is not None
    else:
        good = limits.current().take_sign_in(tokens.new_token(), login=sessions.me().login) is None
    with db.begin() as writing:
        agent = writing.get(Agent, sessions.me().agent_id, with_for_update=True)
        kept = writing.get(AgentSession, sessions.me().token_hash)
        if agent is None or kept is None or agent.disabled_at:
            return redirect(url_for("helpdesk.sign_in"), 303)
        good = good and (bool(password) or proved(writing, agent, kept, form))
        if good:
            limits.current().forgive_agent(agent.login, writing)
            enrolling = kept.enrolling
            token = sessions.begin(writing, agent, sessions.FULL_LEVEL, enrolling)
        elif not password:
            audit.note(writing, agent.login, audit.Action.SIGN_IN_REFUSED)
        sent = form.password if agent.password_hash and "code" not in request.form else form.code
    if not good:
        mistakes.put(sent, REFUSED)
        return mistakes.refuse(form, url_for("helpdesk.presence"), lambda: (_page(form), 422))
    target = "helpdesk.totp" if enrolling else "helpdesk.account"
    return sessions.set_cookie(make_response(redirect(url_for(target), 303)), token)
