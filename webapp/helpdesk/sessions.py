"""The sessions of agents: server-side, in a cookie of their own, ended from anywhere at once.

The cookie holds 256 random bits, the table their SHA-256. A session gets a new id whenever its owner proves more of who
they are (password, second factor), so that an id planted before is worth nothing; for PRESENCE after that they may
change how they sign in. Reading the live view does not count as activity: a forgotten screen signs itself out.

An agent of whom the second step is demanded and who has none reaches their own account and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from flask import Response, abort, g, redirect, request, session, url_for
from sqlalchemy import ColumnElement, delete, select, true, update

from webapp.core.systems import browser_of
from webapp.helpdesk.agents import Role
from webapp.helpdesk.room import Answer
from webapp.helpdesk.tokens import SESSION_BYTES, hashed, new_token
from webapp.infrastructure import db
from webapp.infrastructure.config import current_config
from webapp.infrastructure.fresh import Fresh
from webapp.infrastructure.models import Agent, AgentSession, Case, CaseState, Passkey

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)
TOUCH = timedelta(minutes=1)  # activity is written down no more often
PASSWORD_LEVEL, FULL_LEVEL = "password", "full"
PASSWORD_LEVEL_LIFE = timedelta(minutes=10)
PRESENCE = timedelta(minutes=5)
RETURN_KEY = "after_sign_in"  # in the session of the browser: the case to go on with
KNOWN_SECONDS = 1.0  # how long the live view takes a session for granted


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is at the browser of this request."""

    agent_id: int
    login: str
    name: str
    role: str
    token_hash: bytes
    level: str
    has_factor: bool
    may_bulk: bool
    is_present: bool

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def must_enrol(self) -> bool:
        """Whether a second step is demanded of this agent, who has none."""
        return not self.has_factor and self.role in demanded_roles()


def demanded_roles() -> tuple[Role, ...]:
    """Return the roles of which a second step is demanded."""
    return {"all": tuple(Role), "nobody": ()}.get(current_config().helpdesk_second_factor, (Role.ADMIN,))


def cookie_name() -> str:
    return "__Host-helpdesk" if current_config().https else "helpdesk"


def begin(session: db.Session, agent: Agent, level: str, enrolling: bytes | None = None) -> str:
    """Start a session of `agent`, ending the one of this request; return its token for `set_cookie`.

    enrolling: the sealed secret of an authenticator app that is being set up.
    """
    now = datetime.now(UTC)
    if old := request.cookies.get(cookie_name()):
        session.execute(delete(AgentSession).where(AgentSession.token_hash == hashed(old)))
    token = new_token(SESSION_BYTES)
    session.add(
        AgentSession(
            token_hash=hashed(token),
            agent_id=agent.id,
            level=level,
            enrolling=enrolling,
            created_at=now,
            seen_at=now,
            browser=browser_of(request.user_agent.string),
        )
    )
    return token


def set_cookie(response: Response, token: str) -> Response:
    response.set_cookie(
        cookie_name(), token, path="/", secure=current_config().https, httponly=True, samesite="Lax"
    )  # Lax: an agent comes by a link in the ticket system
    return response


def drop_cookie(response: Response) -> Response:
    response.delete_cookie(cookie_name(), path="/", secure=current_config().https, httponly=True, samesite="Lax")
    return response


def current(*, touch: bool = True) -> SignedIn | None:
    """Return who is signed in, whatever the stage; None for nobody, a session that ended, a disabled agent."""
    if "signed_in" not in g:
        g.signed_in = _find(request.cookies.get(cookie_name(), ""), touch=touch)
    found: SignedIn | None = g.signed_in
    return found


def _find(token: str, *, touch: bool) -> SignedIn | None:
    if not token:
        return None
    now = datetime.now(UTC)
    with db.read() as session:
        row = session.execute(
            select(AgentSession, Agent).join(Agent).where(AgentSession.token_hash == hashed(token))
        ).first()
        if row is None:
            return None
        kept, agent = row
        life = ABSOLUTE if kept.level == FULL_LEVEL else PASSWORD_LEVEL_LIFE
        if agent.disabled_at or kept.created_at < now - life or kept.seen_at < now - IDLE:
            return None
        found = SignedIn(
            agent.id,
            agent.login,
            agent.name,
            agent.role,
            kept.token_hash,
            kept.level,
            has_factor(session, agent),
            may_bulk=agent.may_bulk or agent.role == Role.ADMIN,
            is_present=kept.created_at >= now - PRESENCE,
        )
        stale = kept.seen_at < now - TOUCH
    if touch and stale:
        with db.begin() as session:  # an UPDATE: a session that was ended meanwhile stays ended
            session.execute(update(AgentSession).filter_by(token_hash=found.token_hash).values(seen_at=now))
    return found


def has_factor(session: db.Session, agent: Agent) -> bool:
    """Whether the agent has a second step: an authenticator app or a passkey."""
    return bool(agent.totp_secret or session.scalar(select(Passkey.id).where(Passkey.agent_id == agent.id).limit(1)))


def _read_watchers() -> dict[bytes, int]:
    """Return the agent of every full session by the hash of its token."""
    query = (
        select(AgentSession.token_hash, AgentSession.agent_id)
        .join(Agent)
        .where(*_is_full(), Agent.disabled_at.is_(None), _has_what_is_demanded())
    )
    with db.read() as session:
        rows = session.execute(query).all()
    return {row.token_hash: row.agent_id for row in rows}


def _is_full() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a session is whole and goes on."""
    now = datetime.now(UTC)
    lives = (AgentSession.created_at >= now - ABSOLUTE, AgentSession.seen_at >= now - IDLE)
    return AgentSession.level == FULL_LEVEL, *lives


def _has_what_is_demanded() -> ColumnElement[bool]:
    roles = demanded_roles()
    if not roles:
        return true()
    has_passkey = select(Passkey.id).where(Passkey.agent_id == Agent.id).exists()
    return Agent.role.not_in(roles) | Agent.totp_secret.is_not(None) | has_passkey


# The live view asks every 1.5 seconds. Who is signed out or disabled sees nothing new after KNOWN_SECONDS, or twice
# that while they are read anew; in the process that did it, at once.
watchers = Fresh(KNOWN_SECONDS, _read_watchers, stale=2 * KNOWN_SECONDS)


def watching() -> int:
    """Return the agent who is signed in fully, at most two seconds late; does not count as activity.

    Ends the request with 401 for everybody else, and with 503 where the database does not say.
    """
    token = request.cookies.get(cookie_name(), "")
    known = watchers.get() if token else {}
    if known is None:
        abort(503)
    found = known.get(hashed(token))
    if found is None:
        abort(401)
    return found


def belongs_to_nobody() -> ColumnElement[bool]:
    """Return the condition that nobody looks after a case: no agent is there, or the person's agent is signed out."""
    there = select(AgentSession.agent_id).where(AgentSession.agent_id == Case.agent_id, *_is_full())
    abandoned = Case.state.in_((CaseState.CONFIRMING, CaseState.JOINED)) & ~there.exists()
    return Case.agent_id.is_(None) | Agent.disabled_at.is_not(None) | abandoned


def end(session: db.Session, agent_id: int, *which: ColumnElement[bool]) -> None:
    """End the sessions of the agent, or `which` of them."""
    session.execute(delete(AgentSession).where(AgentSession.agent_id == agent_id, *which))
    watchers.forget()


View = Callable[..., Answer]
Refusal = Callable[[], Answer | None]


def guard(refusal: Refusal) -> Callable[[View], View]:
    """Return a decorator: its view is seen only where `refusal` finds nothing against it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Answer:
            return refusal() or view(*args, **kwargs)

        return guarded

    return decorate


def _unless_signed_in() -> Answer | None:
    found = current()
    if found is None:
        if request.method == "GET" and request.endpoint == "helpdesk.case":
            session[RETURN_KEY] = request.path
        return redirect(url_for("helpdesk.sign_in"), 303)
    if found.level != FULL_LEVEL:
        return redirect(url_for("helpdesk.second_factor"), 303)
    return None


def unless_agent() -> Answer | None:
    """Send everybody but a fully signed-in agent to what they have to do first."""
    if refusal := _unless_signed_in():
        return refusal
    return redirect(url_for("helpdesk.account", enrol=1), 303) if me().must_enrol else None


def _unless_present() -> Answer | None:
    return _unless_signed_in() or (None if me().is_present else redirect(url_for("helpdesk.presence"), 303))


def _unless_admin() -> Answer | None:
    return unless_agent() or (None if me().is_admin else abort(403))


for_agents = guard(unless_agent)
for_owner = guard(_unless_signed_in)  # of their own account, also while the second step is still missing
for_present = guard(_unless_present)  # has proved within the last minutes that they are there; others are asked to
for_admins = guard(_unless_admin)


def me() -> SignedIn:
    """Return the agent of this request; only inside a guarded view."""
    found = current()
    assert found is not None  # noqa: S101  the guard saw to it
    return found


def my_account(session: db.Session, *, to_change: bool = False) -> Agent:
    """Return the account of the agent of this request; only inside a guarded view."""
    agent = session.get(Agent, me().agent_id, with_for_update=to_change)
    assert agent is not None  # noqa: S101  signed in
    return agent
