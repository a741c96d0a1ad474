"""What administrators do: agents, the audit log, reports that did not arrive."""

from __future__ import annotations

from flask import abort, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from webapp import db
from webapp.config import current_config
from webapp.helpdesk import agents, audit, courier, sessions, tickets
from webapp.helpdesk.audit import Action
from webapp.helpdesk.forms import AgentForm
from webapp.helpdesk.links import first_run_url
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.sessions import for_admins, me
from webapp.i18n import translate
from webapp.models import Agent, AgentSession, Delivery
from webapp.text import N_, InputError, Message


@blueprint.get("/helpdesk/agents")
@for_admins
def agents_page() -> ResponseReturnValue:
    return _page(AgentForm(formdata=None))


def _page(form: AgentForm, link: str | None = None, login: str = "") -> str:
    with db.read() as reading:
        signed_in: dict[int, int] = dict(
            reading.execute(select(AgentSession.agent_id, func.count()).group_by(AgentSession.agent_id)).all()
        )
        return render_template(
            "helpdesk/agents.html", form=form, everybody=agents.everybody(reading), signed_in_counts=signed_in,
            link=link, login=login, roles=agents.ROLE_LABELS,
        )  # fmt: skip


@blueprint.post("/helpdesk/agents")
@for_admins
def add_agent() -> ResponseReturnValue:
    """Add an agent and show their first-run link, once."""
    form = AgentForm()
    try:
        token = agents.add(
            current_config(), form.login.data or "", form.name.data or "", form.role.data or "", by=me().login
        )
    except InputError as error:
        form.login.errors = [translate(error.message)]
        return _page(form), 422
    return _page(AgentForm(formdata=None), first_run_url(token), form.login.data or "")


@blueprint.post("/helpdesk/agents/<agent_id>/<action>")
@for_admins
def change_agent(agent_id: str, action: str) -> ResponseReturnValue:
    """Disable or enable an agent, end their sessions, make a new first-run link, allow files for many people."""
    with db.read() as reading:
        agent = reading.get(Agent, int(agent_id)) if agent_id.isdecimal() and len(agent_id) < 10 else None
    if agent is None or action not in ("disable", "enable", "sign-out", "link", "allow-bulk", "forbid-bulk"):
        abort(404)
    if agent.id == me().agent_id and action in ("disable", "link"):
        text = N_("You cannot do that to your own account. Ask another administrator.")
        form = AgentForm(formdata=None)
        form.login.errors = [translate(Message(text))]
        return _page(form), 422
    if action == "link":
        return _page(
            AgentForm(formdata=None), first_run_url(agents.new_link(current_config(), agent.login, me().login)),
            agent.login,
        )  # fmt: skip
    if action == "sign-out":
        with db.begin() as writing:
            sessions.end(writing, agent.id)
            audit.note(writing, me().login, Action.SESSION_ENDED, agent.login)
    elif action in ("allow-bulk", "forbid-bulk"):
        agents.allow_bulk(current_config(), agent.login, me().login, allow=action == "allow-bulk")
    else:
        agents.disable(current_config(), agent.login, me().login, enable=action == "enable")
        sessions.watchers().forget()
    return redirect(url_for("helpdesk.agents_page"), 303)


@blueprint.get("/helpdesk/log")
@for_admins
def log() -> ResponseReturnValue:
    with db.read() as reading:
        return render_template("helpdesk/log.html", entries=audit.newest(reading), labels=audit.LABELS)


@blueprint.get("/helpdesk/reports")
@for_admins
def reports() -> ResponseReturnValue:
    """List the reports that wait or were given up."""
    with db.read() as reading:
        order = select(Delivery).where(Delivery.state != "delivered").order_by(Delivery.created_at.desc()).limit(200)
        return render_template(
            "helpdesk/reports.html", deliveries=list(reading.scalars(order)),
            targets=list(tickets.targets(current_config())),
        )  # fmt: skip


@blueprint.post("/helpdesk/reports/<delivery_id>/again")
@for_admins
def send_again(delivery_id: str) -> ResponseReturnValue:
    with db.begin() as writing:
        if not tickets.try_again(writing, delivery_id):
            abort(404)
        audit.note(writing, me().login, Action.DELIVERY_RETRIED, delivery_id[:8])
    courier.of(current_app).wake()
    return redirect(url_for("helpdesk.reports"), 303)
