"""Whether pages are served and connection tests run here, and why not.

Two questions: a balancer takes a process away where pages are not served; a person is woken where tests do not run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from redis.exceptions import RedisError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from webapp.connection_tests import engine, jobs
from webapp.infrastructure import db, fresh, limits, provider_files
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Lease

SECONDS = 5.0  # between two looks: anybody may ask
_ROW = "readiness"  # in `leases`: written to see whether that is possible


class Trouble(StrEnum):
    """Why pages are not served, or tests do not run."""

    SILENT = "the database does not answer"
    OLDER = "the database needs an upgrade"
    UNWRITABLE = "the database takes no writes"
    NO_WORKER = "there is no worker"
    REDIS = "Redis does not do its work"


@dataclass(frozen=True, slots=True)
class Reason:
    """A trouble with the kind of error that it showed itself by."""

    trouble: Trouble
    cause: str = ""

    def __str__(self) -> str:
        return f"{self.trouble} ({self.cause})" if self.cause else str(self.trouble)


@dataclass(frozen=True, slots=True)
class Readiness:
    """pages, tests: "" where they are ready, else the reason why not. paused: open breakers.

    files: what is wrong with the provider files now. No reason to be taken away: the last good ones serve.
    """

    pages: str
    tests: str
    paused: tuple[limits.Paused, ...] = ()
    files: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{name}: {reason or 'ready'}" for name, reason in (("pages", self.pages), ("tests", self.tests))]
        lines += [
            f"login test of {_named(paused)}: off until {paused.until:%Y-%m-%d %H:%M} UTC" for paused in self.paused
        ]
        lines += [f"{problem}; the last good provider files stay in use" for problem in self.files]
        return "\n".join(lines) + "\n"


def _named(paused: limits.Paused) -> str:
    return f"{paused.provider or 'every provider'}{' for invited people' if paused.invited else ''}"


def _look() -> Readiness:
    if away := unreadable():
        return Readiness(str(away), str(away))
    try:
        paused = tuple(limits.current().pauses())
    except limits.LimitsUnavailableError:
        paused = ()
    reason = unwritable() or without_tests(lambda: jobs.current().check_well())
    return Readiness("", str(reason or ""), paused, tuple(_broken_files()))


def unreadable(config: Config | None = None) -> Reason | None:
    """Return why the database serves no page, or None; config: by default that of the running application."""
    schema = db.schema(config)
    if schema is db.Schema.SILENT:
        return Reason(Trouble.SILENT)
    return Reason(Trouble.OLDER) if schema is db.Schema.OLDER else None


def _broken_files() -> Iterator[str]:
    """Yield what is wrong with the provider files, without the folder they lie in."""
    files = provider_files.provider_files()
    files.known()
    if files.problem:
        for problem in files.problem.problems:
            where = ", ".join(filter(None, (Path(files.problem.file).name, problem.key)))
            yield f"{where}: {problem.text}"


def unwritable(config: Config | None = None) -> Reason | None:
    """Return why nothing can be written to the database, or None; writes a row that means nothing."""
    try:
        with db.begin(config) as session:
            session.merge(Lease(name=_ROW, until=datetime.now(UTC)))
    except IntegrityError:  # another process wrote it meanwhile
        return None
    except SQLAlchemyError as error:
        return Reason(Trouble.UNWRITABLE, db.reason(error))
    return None


def without_tests(check_well: Callable[[], None]) -> Reason | None:
    """Return why an engine runs no tests, or None."""
    try:
        check_well()
    except engine.UnavailableError:
        return Reason(Trouble.NO_WORKER)
    except RedisError as error:
        return Reason(Trouble.REDIS, type(error).__name__)
    return None


readiness = fresh.Fresh(SECONDS, _look)
