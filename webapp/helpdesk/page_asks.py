"""A test's reference (“Kennung”), read out by the person: their open result page asks whether the agent may help.

The agent learns nothing from it, not even whether there is such a test: the case waits for the page, which finds its
own reference among those asked for. So what is unknown, over, forwarded or of an error page answers alike, by nothing.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from webapp.connection_tests import jobs
from webapp.connection_tests.beginning import UNAVAILABLE
from webapp.helpdesk import audit, cases
from webapp.infrastructure import db, logs, sealing
from webapp.infrastructure.config import current_config
from webapp.infrastructure.fresh import Fresh
from webapp.infrastructure.models import Case, CaseState
from webapp.web.connection_tests.ownership import own_runs, reference_of

LIFE = timedelta(minutes=5)
LOOK_SECONDS = 1.0
_PURPOSE = "helpdesk reference"


def ask(agent_id: int, login: str, reference: str, case_reference: str) -> None:
    """Make the case `case_reference`, which waits for the page with the reference of a test."""
    config = current_config()
    asked = Case.code_hash.in_(sealing.keyed_hashes(config, _PURPOSE, reference))
    with db.begin() as session:
        session.execute(update(Case).where(asked).values(code_hash=None))  # who asks last is the one on the telephone
        case = cases.new_case(session, CaseState.INVITED, case_reference)
        case.agent_id, case.code_hash = agent_id, sealing.keyed_hash(config, _PURPOSE, reference)
        case.code_expires_at = datetime.now(UTC) + LIFE
        audit.note(session, login, audit.Action.CASE_OPENED, case_reference)
    asks.forget()


def _read() -> dict[bytes, int]:
    open_asks = (
        Case.state == CaseState.INVITED,
        Case.link_hash.is_(None),
        Case.code_hash.is_not(None),
        Case.code_expires_at > datetime.now(UTC),
    )
    with db.read() as session:
        rows = session.execute(select(Case.code_hash, Case.id).where(*open_asks))
        return {row.code_hash: row.id for row in rows}


asks = Fresh(LOOK_SECONDS, _read)  # by the hash of the reference: the id of the case


def of_this_browser() -> tuple[int, str] | None:
    """Return the case that asks for a test of this browser, and the test's id; a test lives for ten minutes."""
    asked = asks.get()
    if not asked:
        return None
    try:
        runs = [run for run in map(jobs.current().runs.get, own_runs()) if run is not None and run.ended]
    except UNAVAILABLE as error:
        logs.logger.error("no reference can be looked up: %s", type(error).__name__)
        return None
    for run in runs:
        for hashed in sealing.keyed_hashes(current_config(), _PURPOSE, reference_of(run)):
            if hashed in asked:
                return asked[hashed], run.id
    return None


def follow(case_id: int, secret: str) -> bool:
    """Use the ask up: the person, who holds `secret` from now on, looks at who it is. False where it is over."""
    followed = cases.exchange(secret, Case.id == case_id, Case.link_hash.is_(None), expires=Case.code_expires_at)
    asks.forget()
    return followed
