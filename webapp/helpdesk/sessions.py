"""The sessions of agents: server-side, in a cookie of their own, ended from anywhere at once.

The cookie holds 256 random bits, the table their SHA-256. A session gets a new id whenever its owner proves more of who
they are (password, second factor), so that an id planted before is worth nothing. Reading the live view does not count
as activity: a forgotten screen signs itself out.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Final

from flask import Response, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp import db
from webapp.config import current_config
from webapp.helpdesk.agents import Role
from webapp.helpdesk.tokens import SESSION_BYTES, hashed, new_token
from webapp.models import Agent, AgentSession, Passkey

IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=8)
TOUCH: Final = timedelta(minutes=1)  # activity is written down no more often
PASSWORD_STAGE, FULL_STAGE = "password", "full"
PASSWORD_STAGE_LIFE: Final = timedelta(minutes=10)
KNOWN_SECONDS: Final = 1.0  # how long the live view takes a session for granted
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is at the browser of this request."""

    agent_id: int
    login: str
    name: str
    role: str
    token_hash: bytes
    stage: str
    has_factor: bool
    may_bulk: bool

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN


def cookie_name() -> str:
    return "__Host-helpdesk" if current_config().https else "helpdesk"


def begin(session: Session, agent: Agent, stage: str) -> str:
    """Start a session of `agent`, ending the one of this request; return its token for `set_cookie`."""
    now = datetime.now(UTC)
    if old := request.cookies.get(cookie_name()):
        session.execute(delete(AgentSession).where(AgentSession.token_hash == hashed(old)))
    token = new_token(SESSION_BYTES)
    session.add(
        AgentSession(
            token_hash=hashed(token), agent_id=agent.id, stage=stage, created_at=now, seen_at=now, browser=browser()
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
        life = ABSOLUTE if kept.stage == FULL_STAGE else PASSWORD_STAGE_LIFE
        if agent.disabled_at or kept.created_at < now - life or kept.seen_at < now - IDLE:
            return None
        factor = bool(agent.totp_secret) or bool(session.scalar(select(Passkey.id).where(Passkey.agent_id == agent.id)))
        found = SignedIn(
            agent.id,
            agent.login,
            agent.name,
            agent.role,
            kept.token_hash,
            kept.stage,
            factor,
            may_bulk=agent.may_bulk or agent.role == Role.ADMIN,
        )
        stale = kept.seen_at < now - TOUCH
    if touch and stale:
        with db.begin() as session:  # an UPDATE: a session that was ended meanwhile stays ended
            session.query(AgentSession).filter_by(token_hash=found.token_hash).update({"seen_at": now})
    return found


class Watchers:
    """Every session that may watch, read once a second for everybody, for the live view that asks every 1.5 seconds.

    Whoever is signed out or disabled sees nothing new after a second at most; in this process at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._found: dict[bytes, int] = {}

    def agent_id(self, token: str) -> int | None:
        """Return the agent whose full session this is."""
        if not token:
            return None
        if time.monotonic() >= self._until:
            with self._lock:
                if time.monotonic() >= self._until:
                    self._found = self._read()
                    self._until = time.monotonic() + KNOWN_SECONDS
        return self._found.get(hashed(token))

    def forget(self) -> None:
        self._until = 0.0

    def _read(self) -> dict[bytes, int]:
        now = datetime.now(UTC)
        query = (
            select(AgentSession.token_hash, AgentSession.agent_id)
            .join(Agent)
            .where(
                AgentSession.stage == FULL_STAGE,
                AgentSession.created_at >= now - ABSOLUTE,
                AgentSession.seen_at >= now - IDLE,
                Agent.disabled_at.is_(None),
            )
        )
        with db.read() as session:
            rows = session.execute(query).all()
        return {row.token_hash: row.agent_id for row in rows}


def watchers() -> Watchers:
    found = current_app.extensions.get("helpdesk_watchers")
    if not isinstance(found, Watchers):
        found = current_app.extensions["helpdesk_watchers"] = Watchers()
    return found


def watching() -> int | None:
    """Return the agent who is signed in fully, at most a second late; does not count as activity."""
    return watchers().agent_id(request.cookies.get(cookie_name(), ""))


def end(session: Session, agent_id: int, token_hash: bytes | None = None) -> int:
    """End one session of the agent, or all of them; return how many."""
    query = delete(AgentSession).where(AgentSession.agent_id == agent_id)
    if token_hash is not None:
        query = query.where(AgentSession.token_hash == token_hash)
    watchers().forget()
    return session.execute(query).rowcount  # type: ignore[attr-defined,no-any-return]


def purge(session: Session, now: datetime) -> int:
    ended = (AgentSession.created_at < now - ABSOLUTE) | (AgentSession.seen_at < now - IDLE)
    return session.execute(delete(AgentSession).where(ended)).rowcount  # type: ignore[attr-defined,no-any-return]


View = Callable[..., ResponseReturnValue]


def for_agents(view: View) -> View:
    """Let only a fully signed-in agent see `view`; others are sent to sign in, or on to their second factor."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if refusal := _refusal():
            return refusal
        return view(*args, **kwargs)

    return guarded


def for_admins(view: View) -> View:
    """Let only a fully signed-in administrator see `view`; an agent gets 403."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if refusal := _refusal():
            return refusal
        if not me().is_admin:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def _refusal() -> ResponseReturnValue | None:
    found = current()
    if found is None:
        return redirect(url_for("helpdesk.sign_in"), 303)
    if found.stage != FULL_STAGE:
        return redirect(url_for("helpdesk.second_factor"), 303)
    return None


def me() -> SignedIn:
    """Return the agent of this request; only inside a guarded view."""
    found = current()
    assert found is not None  # noqa: S101  the guard saw to it
    return found


def browser() -> str:
    """Return the browser of this request in the few words that help to tell sessions apart."""
    agent = request.headers.get("User-Agent", "")
    name = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if re.search(sign, agent)), "")
    return ", ".join(part for part in (name, system) if part)
