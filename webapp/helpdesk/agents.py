"""The accounts of agents: who may help, how they prove who they are, what slows a guesser down."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import db
from webapp.account import parse_name
from webapp.config import Config
from webapp.helpdesk import audit
from webapp.helpdesk.audit import Action
from webapp.helpdesk.tokens import hashed, new_token
from webapp.models import Agent, AgentSession
from webapp.text import N_, InputError, Message

PASSWORD_MIN: Final = 12  # characters; ASVS 6.2.1 asks for 8 and likes 15
PASSWORD_MAX: Final = 128
SETUP_HOURS: Final = 24
LOGIN_MAX: Final = 254
FREE_FAILURES: Final = 5  # refusals without a delay
LOCK_SECONDS_MAX: Final = 15 * 60

_hasher = PasswordHasher()  # argon2id, 64 MiB, 3 rounds (RFC 9106, second recommended option with fewer lanes)
_few_at_a_time = threading.Semaphore(2)  # each hash takes 64 MiB
# Verified where there is no such agent or no password, so that the answer takes as long.
_NOBODY: Final = _hasher.hash(new_token())


class Role(StrEnum):
    AGENT = "agent"
    ADMIN = "admin"


ROLE_LABELS = {Role.AGENT: N_("agent"), Role.ADMIN: N_("administrator")}


def parse_login(text: str) -> str:
    """Return the login in its one form; raises InputError."""
    login = text.strip().lower()
    if not login or len(login) > LOGIN_MAX or not login.isprintable() or " " in login:
        raise InputError(N_("The sign-in name is one word, such as a mail address."))
    return login


def check_password(password: str, login: str) -> str:
    """Return the password if it may be one; raises InputError. Long ones, umlauts and blanks are welcome."""
    if len(password) < PASSWORD_MIN:
        raise InputError(
            Message(
                N_("Take at least %(number)s characters. A sentence is easy to remember."), {"number": PASSWORD_MIN}
            )
        )
    if len(password) > PASSWORD_MAX:
        raise InputError(Message(N_("Take at most %(number)s characters."), {"number": PASSWORD_MAX}))
    if len(set(password)) < 5 or login.partition("@")[0] in password.lower():
        raise InputError(N_("That is too easy to guess. Do not use your name or the same letter again and again."))
    return password


def add(config: Config, login: str, name: str, role: str, by: str = "") -> str:
    """Add an agent and return the token of their first-run link; raises InputError."""
    login, name = parse_login(login), parse_name(name)
    if not name:
        raise InputError(N_("An agent needs a name: people see it."))
    if role not in list(Role):
        raise InputError(Message(N_("There is no role “%(role)s”."), {"role": role}))
    token = new_token()
    with db.begin(config) as session:
        if session.scalar(select(Agent.id).where(Agent.login == login)):
            raise InputError(Message(N_("There is an agent “%(login)s” already."), {"login": login}))
        now = datetime.now(UTC)
        agent = Agent(login=login, name=name, role=role, created_at=now)
        agent.setup_hash, agent.setup_expires_at = hashed(token), now + timedelta(hours=SETUP_HOURS)
        session.add(agent)
        audit.note(session, by, Action.AGENT_ADDED, login)
    return token


def new_link(config: Config, login: str, by: str = "") -> str:
    """Return the token of a new first-run link for an agent who lost password or second factor: both start anew."""
    token = new_token()
    with db.begin(config) as session:
        agent = _known(session, login)
        agent.setup_hash = hashed(token)
        agent.setup_expires_at = datetime.now(UTC) + timedelta(hours=SETUP_HOURS)
        audit.note(session, by, Action.LINK_MADE, agent.login)
    return token


def disable(config: Config, login: str, by: str = "", *, enable: bool = False) -> None:
    """Close the agent's account and end their sessions at once, or open it again; raises InputError."""
    with db.begin(config) as session:
        agent = _known(session, login)
        agent.disabled_at = None if enable else datetime.now(UTC)
        if not enable:
            agent.setup_hash = None
            session.query(AgentSession).filter_by(agent_id=agent.id).delete()
        audit.note(session, by, Action.AGENT_ENABLED if enable else Action.AGENT_DISABLED, agent.login)


def allow_bulk(config: Config, login: str, by: str = "", *, allow: bool = True) -> None:
    """Let the agent make files for many people, or no longer; raises InputError."""
    with db.begin(config) as session:
        agent = _known(session, login)
        agent.may_bulk = allow
        audit.note(session, by, Action.BULK_ALLOWED if allow else Action.BULK_FORBIDDEN, agent.login)


def _known(session: Session, login: str) -> Agent:
    agent = session.scalar(select(Agent).where(Agent.login == parse_login(login)))
    if agent is None:
        raise InputError(Message(N_("There is no agent “%(login)s”."), {"login": login}))
    return agent


def everybody(session: Session) -> list[Agent]:
    return list(session.scalars(select(Agent).order_by(Agent.login)))


def any_active(config: Config | None = None) -> bool:
    """Return whether there is anybody who helps."""
    with db.read(config) as session:
        return bool(session.scalar(select(func.count()).select_from(Agent).where(Agent.disabled_at.is_(None))))


def by_setup(session: Session, token: str) -> Agent | None:
    """Return the agent whom a first-run link is for, while it is good."""
    now = datetime.now(UTC)
    return session.scalar(
        select(Agent).where(
            Agent.setup_hash == hashed(token), Agent.setup_expires_at > now, Agent.disabled_at.is_(None)
        )
    )


def hash_password(password: str) -> str:
    with _few_at_a_time:
        return _hasher.hash(password)


def verify(login: str, password: str) -> Agent | None:
    """Return the agent whose login and password these are, or None; takes the same time either way.

    After FREE_FAILURES refusals the account waits, each time twice as long, LOCK_SECONDS_MAX at most. While it waits
    even the right password is refused, with the same answer.
    """
    try:
        login = parse_login(login)
    except InputError:
        login = ""
    with db.read() as session:
        agent = session.scalar(select(Agent).where(Agent.login == login))
    right = _matches(agent.password_hash if agent else None, password[: PASSWORD_MAX + 1])
    with db.begin() as session:
        now = datetime.now(UTC)
        agent = session.scalar(select(Agent).where(Agent.login == login).with_for_update())
        if agent is None or agent.disabled_at or (agent.locked_until and agent.locked_until > now):
            audit.note(session, login[:LOGIN_MAX] if agent else "", Action.SIGN_IN_REFUSED)
            return None
        if not right:
            refuse(session, agent)
            return None
        return agent


def refuse(session: Session, agent: Agent) -> None:
    """Count a refused password or code of `agent`."""
    agent.failures += 1
    if agent.failures >= FREE_FAILURES:
        seconds = min(30 * 2 ** (agent.failures - FREE_FAILURES), LOCK_SECONDS_MAX)
        agent.locked_until = datetime.now(UTC) + timedelta(seconds=seconds)
    audit.note(session, agent.login, Action.SIGN_IN_REFUSED)


def forgive(agent: Agent) -> None:
    """Forget refusals: the agent has signed in, second factor included."""
    agent.failures, agent.locked_until = 0, None


def _matches(password_hash: str | None, password: str) -> bool:
    with _few_at_a_time:
        try:
            right = _hasher.verify(password_hash or _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return False
    return bool(right and password_hash)
