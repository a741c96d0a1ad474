"""What administrators do: agents, the audit log, reports that did not arrive."""

from flask import abort, current_app, redirect, render_template, request, url_for
from sqlalchemy import func, select

from webapp.core.text import N_, InputError
from webapp.helpdesk import agents, audit, recipients, sessions
from webapp.helpdesk.forms import AgentForm
from webapp.helpdesk.invitations import desk_url
from webapp.helpdesk.room import Answer, blueprint
from webapp.infrastructure import db, mistakes, outbox
from webapp.infrastructure.config import current_config
from webapp.infrastructure.models import Agent, AgentSession, Case, CaseState, Delivery

ACTION_LABELS = {
    "enable": N_("Enable"),
    "sign-out": N_("Sign out"),
    "link": N_("New first-run link"),
    "disable": N_("Disable"),
    "allow-bulk": N_("Allow files for many people"),
    "forbid-bulk": N_("Take back files for many people"),
}


def _actions(agent: Agent) -> list[str]:
    """Return what can be done to the agent now. Administrators may make files for many people anyway."""
    if agent.disabled_at:
        return ["enable"]
    if agent.id == sessions.me().agent_id:
        return ["sign-out"]
    bulk = [] if agent.role == agents.Role.ADMIN else ["forbid-bulk" if agent.may_bulk else "allow-bulk"]
    return ["sign-out", "link", "disable", *bulk]


@blueprint.get("/helpdesk/agents")
@sessions.for_admins
def agents_page() -> Answer:
    form = mistakes.form_of(AgentForm)
    return _page(form), mistakes.status(form)


def _page(form: AgentForm, token: str = "", login: str = "") -> str:
    """Return the page of the team; once only with the first-run link of `token`, for the agent with `login`."""
    link = desk_url("helpdesk.first_run", token=token) if token else None
    with db.read() as reading:
        signed_in: dict[int, int] = dict(
            reading.execute(select(AgentSession.agent_id, func.count()).group_by(AgentSession.agent_id)).all()
        )
        return render_template(
            "helpdesk/agents.html", form=form, everybody=agents.everybody(reading), signed_in_counts=signed_in,
            link=link, once=link is not None, login=login, roles=agents.Role, actions=_actions,
            labels=ACTION_LABELS,
        )  # fmt: skip


@blueprint.post("/helpdesk/agents")
@sessions.for_admins
def add_agent() -> Answer:
    """Add an agent and show their first-run link, once."""
    form = AgentForm()
    try:
        token = agents.add(
            current_config(), form.login.data or "", form.name.data or "", form.role.data or "", by=sessions.me().login
        )
    except InputError as error:
        mistakes.put(form.name if error.message.text == agents.NO_NAME else form.login, error)
        return _refused(form)
    return _page(AgentForm(formdata=None), token, form.login.data or "")


def _known(agent_id: str) -> Agent:
    with db.read() as reading:
        agent = reading.get(Agent, int(agent_id)) if agent_id.isdecimal() and len(agent_id) < 10 else None
    if agent is None:
        abort(404)
    return agent


@blueprint.get("/helpdesk/agents/<agent_id>/disable")
@sessions.for_admins
def ask_to_disable(agent_id: str) -> Answer:
    """Ask before an agent is shut out, perhaps in the middle of a call; say how many persons it meets."""
    agent = _known(agent_id)
    if "disable" not in _actions(agent):
        return _own_account() if agent.id == sessions.me().agent_id else redirect(url_for("helpdesk.agents_page"), 303)
    helped = select(func.count()).select_from(Case).where(Case.agent_id == agent.id, Case.state == CaseState.JOINED)
    with db.read() as reading:
        return render_template("helpdesk/disable-agent.html", agent=agent, helped=reading.scalar(helped) or 0)


def _refused(form: AgentForm) -> Answer:
    return mistakes.refuse(form, url_for("helpdesk.agents_page"), lambda: (_page(form), 422))


def _own_account() -> Answer:
    form = AgentForm(formdata=None)
    mistakes.put(form.login, N_("You cannot do that to your own account. Ask another administrator."))
    return _refused(form)


@blueprint.post("/helpdesk/agents/<agent_id>/<action>")
@sessions.for_admins
def change_agent(agent_id: str, action: str) -> Answer:
    """Disable or enable an agent, end their sessions, make a new first-run link, allow files for many people."""
    agent = _known(agent_id)
    if action not in ACTION_LABELS:
        abort(404)
    if agent.id == sessions.me().agent_id and action in ("disable", "link"):
        return _own_account()
    if action == "link":
        token = agents.new_link(current_config(), agent.login, sessions.me().login)
        return _page(AgentForm(formdata=None), token, agent.login)
    if action == "sign-out":
        with db.begin() as writing:
            sessions.end(writing, agent.id)
            audit.note(writing, sessions.me().login, audit.Action.SESSION_ENDED, agent.login)
    elif action in ("allow-bulk", "forbid-bulk"):
        agents.allow_bulk(current_config(), agent.login, sessions.me().login, allow=action == "allow-bulk")
    else:
        agents.disable(current_config(), agent.login, sessions.me().login, enable=action == "enable")
        sessions.watchers.forget()
    return redirect(url_for("helpdesk.agents_page"), 303)


@blueprint.get("/helpdesk/log")
@sessions.for_admins
def log() -> Answer:
    before, refusals = request.args.get("before", type=int), request.args.get("refusals") != "no"
    with db.read() as reading:
        entries, older = audit.page(reading, before, refusals=refusals)
    labels = {action: action.label for action in audit.Action}
    return render_template("helpdesk/log.html", entries=entries, labels=labels, older=older, refusals=refusals)


@blueprint.get("/helpdesk/reports")
@sessions.for_admins
def reports() -> Answer:
    """List the reports that wait or were given up."""
    with db.read() as reading:
        order = select(Delivery).where(Delivery.state != "delivered").order_by(Delivery.created_at.desc()).limit(200)
        return render_template(
            "helpdesk/reports.html", deliveries=list(reading.scalars(order)),
            targets=recipients.targets(current_config()),
        )  # fmt: skip


@blueprint.post("/helpdesk/reports/<delivery_id>/again")
@sessions.for_admins
def send_again(delivery_id: str) -> Answer:
    with db.begin() as writing:
        if not outbox.send_again(writing, delivery_id):
            abort(404)
        audit.note(writing, sessions.me().login, audit.Action.DELIVERY_RETRIED, delivery_id[:8])
    outbox.wake(current_app)
    return redirect(url_for("helpdesk.reports"), 303)
