"""The accounts of agents: who may help, how they prove who they are, what slows a guesser down."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_bytes

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from sqlalchemy import delete, func, select
from werkzeug.exceptions import ServiceUnavailable

from webapp.core.account import parse_name
from webapp.core.text import N_, InputError, Word
from webapp.helpdesk import audit, orphans, tokens
from webapp.helpdesk.guessable import is_guessable
from webapp.infrastructure import db, limits, slow
from webapp.infrastructure.config import Config, current_config
from webapp.infrastructure.models import Agent, AgentSession

PASSWORD_MIN = 12  # characters; ASVS 6.2.1 asks for 8 and likes 15
PASSWORD_MAX = 128
SETUP_HOURS = 24
LOGIN_MAX = 254
HASH_WAIT_SECONDS = 2.0

_hasher = PasswordHasher()  # argon2id, 64 MiB, 3 rounds (RFC 9106, second recommended option with fewer lanes)
_few_at_a_time = slow.Turns(2)  # each hash takes 64 MiB


class Role(Word):
    AGENT = "agent", N_("agent")
    ADMIN = "admin", N_("administrator")


NO_NAME = N_("An agent needs a name: people see it.")


def parse_login(text: str) -> str:
    """Return the login in its one form; raises InputError."""
    login = text.strip().lower()
    if not login or len(login) > LOGIN_MAX or not login.isprintable() or " " in login:
        raise InputError(N_("The sign-in name is one word, such as a mail address."))
    return login


def check_password(password: str, login: str) -> str:
    """Return the password if it may be one; raises InputError. Long ones, umlauts and blanks are welcome.

    Needs an application context: words of the place are refused too.
    """
    if len(password) < PASSWORD_MIN:
        raise InputError(
            N_("Take at least %(number)s characters. A sentence is easy to remember."), number=PASSWORD_MIN
        )
    if len(password) > PASSWORD_MAX:
        raise InputError(N_("Take at most %(number)s characters."), number=PASSWORD_MAX)
    config = current_config()
    places = (login, config.operator_name, config.oidc_name, config.public_host, config.helpdesk_host)
    if is_guessable(password, places):
        text = N_(
            "That is too easy to guess: it is made of common words, names, years or rows of keys. "
            "Take a sentence of four words or more."
        )
        raise InputError(text)
    return password


def add(config: Config, login: str, name: str, role: str, by: str = "") -> str:
    """Add an agent and return the token of their first-run link; raises InputError."""
    login, name = parse_login(login), parse_name(name)
    if not name:
        raise InputError(NO_NAME)
    if role not in list(Role):
        raise InputError(N_("There is no role “%(role)s”."), role=role)
    with db.begin(config) as session:
        if session.scalar(select(Agent.id).where(Agent.login == login)):
            raise InputError(
                N_("There is an agent “%(login)s” already. For a new link: --again, or the page Team."), login=login
            )
        agent = Agent(login=login, name=name, role=role, created_at=datetime.now(UTC))
        session.add(agent)
        audit.note(session, by, audit.Action.AGENT_ADDED, login)
        return _set_up(agent)


def new_link(config: Config, login: str, by: str = "") -> str:
    """Return the token of a new first-run link for an agent who lost password or second factor: both start anew."""
    with db.begin(config) as session:
        agent = _known(session, login)
        audit.note(session, by, audit.Action.LINK_MADE, agent.login)
        return _set_up(agent)


def _set_up(agent: Agent) -> str:
    token = tokens.new_token()
    agent.setup_hash, agent.setup_expires_at = tokens.hashed(token), datetime.now(UTC) + timedelta(hours=SETUP_HOURS)
    return token


def active(session: db.Session, but: int) -> list[Agent]:
    """Return the agents who can help, by name, without the one with the id `but`."""
    query = select(Agent).where(Agent.disabled_at.is_(None), Agent.id != but).order_by(Agent.name)
    return list(session.scalars(query))


def disable(config: Config, login: str, by: str = "", *, enable: bool = False) -> None:
    """Close the agent's account and end their sessions at once, or open it again; raises InputError."""
    with db.begin(config) as session:
        agent = _known(session, login)
        agent.disabled_at = None if enable else datetime.now(UTC)
        if not enable:
            agent.setup_hash = None
            orphans.release(session, agent.id)
            session.execute(delete(AgentSession).filter_by(agent_id=agent.id))
        audit.note(session, by, audit.Action.AGENT_ENABLED if enable else audit.Action.AGENT_DISABLED, agent.login)


def allow_bulk(config: Config, login: str, by: str = "", *, allow: bool = True) -> None:
    """Let the agent make files for many people, or no longer; raises InputError."""
    with db.begin(config) as session:
        agent = _known(session, login)
        agent.may_bulk = allow
        audit.note(session, by, audit.Action.BULK_ALLOWED if allow else audit.Action.BULK_FORBIDDEN, agent.login)


def _known(session: db.Session, login: str) -> Agent:
    agent = session.scalar(select(Agent).where(Agent.login == parse_login(login)))
    if agent is None:
        raise InputError(N_("There is no agent “%(login)s”."), login=login)
    return agent


def everybody(session: db.Session) -> list[Agent]:
    return list(session.scalars(select(Agent).order_by(Agent.login)))


def any_active(config: Config | None = None) -> bool:
    """Return whether there is anybody who helps."""
    with db.read(config) as session:
        return bool(session.scalar(select(func.count()).select_from(Agent).where(Agent.disabled_at.is_(None))))


def by_setup(session: db.Session, token: str, *, alone: bool = False) -> Agent | None:
    """Return the agent whom a first-run link is for, while it is good; `alone`: others wait until the session ends."""
    now = datetime.now(UTC)
    found = select(Agent).where(
        Agent.setup_hash == tokens.hashed(token), Agent.setup_expires_at > now, Agent.disabled_at.is_(None)
    )
    return session.scalar(found.with_for_update() if alone else found)


def hash_password(password: str) -> str:
    """Return what to keep of a password; answers 503 where too many are hashed at the moment."""
    with _hashing():
        return _hasher.hash(password)


def verify(login: str, password: str, address: str | None = None) -> Agent | None:
    """Return the agent whose login and password these are, or None; takes the same time either way.

    What is refused counts for the login, whether there is such an agent or not, and for the network of the IP address
    `address`. While one of them has to wait even the right password is refused, with the same answer.
    """
    try:
        login = parse_login(login)
    except InputError:
        login = ""
    click = tokens.new_token()
    with db.read() as session:
        agent = session.scalar(select(Agent).where(Agent.login == login))
        if not session.scalar(select(Agent.id).where(Agent.password_hash.is_not(None)).limit(1)):
            return None
    if limits.current().take_sign_in(click, address=address, login=login) is not None:
        return None
    try:
        right = _matches(agent.password_hash if agent else None, password[: PASSWORD_MAX + 1])
    except ServiceUnavailable:
        limits.current().give_back(click)
        raise
    with db.begin() as session:
        if agent is None or agent.disabled_at or not right:
            audit.note(session, agent.login if agent else "", audit.Action.SIGN_IN_REFUSED)
            return None
        limits.current().give_back(click, session)
        return agent


def _of_nobody() -> str:
    """Return a hash that no password has and that takes as long to verify as an agent's."""
    salt, digest = (b64encode(token_bytes(size)).decode().rstrip("=") for size in (_hasher.salt_len, _hasher.hash_len))
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


def _matches(password_hash: str | None, password: str) -> bool:
    with _hashing():
        try:
            right = _hasher.verify(password_hash or _of_nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return bool(right and password_hash)


@contextmanager
def _hashing() -> Iterator[None]:
    """Hold one of the few places where a password is hashed; answers 503 where none becomes free in time.

    The threads that wait are those that answer everybody.
    """
    try:
        with _few_at_a_time.turn(HASH_WAIT_SECONDS):
            yield
    except slow.BusyError:
        raise ServiceUnavailable(retry_after=10) from None
