"""What is seen by asking the database and Redis: whether they do their work, and what waits in them."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from webapp.cli.doctor.finding import Finding, Installation, clock_differs, problem, warning
from webapp.connection_tests.redis_engine import RedisEngine
from webapp.core.text import N_
from webapp.infrastructure import background, db, limits
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Delivery, Lease
from webapp.web.health.readiness import Reason, Trouble, unreadable, unwritable, without_tests

CLOCK_SECONDS = 2.0  # that the clocks of two machines may differ
ANSWER_SECONDS = 3.0
REDIS_OLDEST = (6, 2)
LATE = timedelta(hours=2)  # that a duty of every hour may be behind
_HOURLY = f"links{background.PURGE}"

_OF_TROUBLE: Mapping[Trouble, Callable[[str], Finding]] = {
    Trouble.SILENT: lambda cause: problem(
        "database-silent",
        N_("The database does not answer."),
        N_("Start it, and look at WEBAPP_DATABASE_URL: host, port, name and password."),
    ),
    Trouble.OLDER: lambda cause: problem(
        "database-older",
        N_("The database is of an older version of this program."),
        N_("gmx-pop-wizard db upgrade, or restart the site, which does it by itself."),
    ),
    Trouble.UNWRITABLE: lambda cause: problem(
        "database-unwritable",
        N_("The database takes no writes. (%(cause)s)"),
        N_("Look whether its disk is full or read-only, and whether another program holds it."),
        cause=cause,
    ),
    Trouble.NO_WORKER: lambda cause: problem(
        "no-worker",
        N_("There is no worker: nothing can be tested."),
        N_("Start one: gmx-pop-wizard worker. It needs the same key and the same WEBAPP_REDIS_URL as the site."),
    ),
    Trouble.REDIS: lambda cause: problem(
        "redis-away",
        N_("Redis does not do its work. (%(cause)s)"),
        N_("Look whether it runs, has room and takes writes, and whether WEBAPP_REDIS_URL leads to it."),
        cause=cause,
    ),
}


def of_trouble(reason: Reason) -> Finding:
    """Return what /readyz calls by one word as a finding."""
    return _OF_TROUBLE[reason.trouble](reason.cause)


def database(here: Installation) -> Iterator[Finding]:
    """Yield what is wrong with the database; makes none."""
    config = here.config
    url = make_url(config.database)
    is_file = url.get_backend_name() == "sqlite"
    if not is_file and find_spec("psycopg") is None:
        yield problem(
            "driver-missing",
            N_("WEBAPP_DATABASE_URL names PostgreSQL, but its driver is not installed."),
            N_("Install the program with it: pip install gmx-pop-wizard[postgres]"),
        )
        return
    if is_file and not Path(url.database or "").absolute().parent.is_dir() and config.database_url:
        yield problem(
            "database-nowhere",
            N_("WEBAPP_DATABASE_URL: there is no folder for the file %(path)s."),
            N_("Make the folder and give it to the site's user, or put the setting right."),
            path=str(Path(url.database or "").absolute()),
        )
        return
    if is_file and not Path(url.database or "").exists():
        yield problem(
            "database-missing",
            N_("There is no database at %(path)s."),
            N_("“serve” makes it. If the site has another, give this command the settings of the site."),
            path=str(Path(url.database or "").absolute()),
        )
        return
    if is_file and (damage := _damage(Path(url.database or ""))):
        yield problem(
            "database-damaged",
            N_("The file %(path)s is no whole database. (%(reason)s)"),
            N_("Stop the site and put the last backup back: gmx-pop-wizard db restore FILE"),
            path=str(url.database),
            reason=damage,
        )
        return
    if reason := unreadable(config):
        yield _silent(config) if reason.trouble is Trouble.SILENT else of_trouble(reason)
        return
    if db.schema(config) is db.Schema.NEWER:
        yield problem(
            "database-newer",
            N_("The database is of a newer version of this program."),
            N_("Install that version, or put a backup back that is older."),
        )
    elif reason := unwritable(config):
        yield of_trouble(reason)
    if not is_file:
        with db.read(config) as session:
            yield from _clock("PostgreSQL", session.scalar(text("SELECT extract(epoch FROM clock_timestamp())")))


def _silent(config: Config) -> Finding:
    """Return what of_trouble says of a silent database, with what SQLite or PostgreSQL say themselves."""
    cure = N_("Start it, and look at WEBAPP_DATABASE_URL: host, port, name and password. It says: %(reason)s")
    if config.database.startswith("sqlite"):
        cure = N_(
            "Look whether its disk is full or read-only, and whether its folder belongs to the site's user. It says: "
            "%(reason)s"
        )
    said = ""
    try:
        db.engine(config).connect().close()
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
    return problem("database-silent", N_("The database does not answer."), cure, reason=said)


def _damage(file: Path) -> str:
    """Return what SQLite finds wrong with `file`, "" for nothing; one that others write to is looked at later."""
    place = f"{file.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(place, uri=True, timeout=ANSWER_SECONDS)) as connection:
            found: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError:
        return ""
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else found.splitlines()[0]


def _clock(name: str, seconds: object) -> Iterator[Finding]:
    """Yield whether a clock that says `seconds` since 1970 differs from ours."""
    difference = round(float(str(seconds)) - time.time(), 1)
    if abs(difference) > CLOCK_SECONDS:
        yield clock_differs(name, str(difference))


def work(here: Installation) -> Iterator[Finding] | None:
    """Yield what waits for the operator; None where the database cannot be asked."""
    config = here.config
    url = make_url(config.database)
    is_missing = url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()
    if not here.has_key or is_missing:
        return None
    try:
        now = datetime.now(UTC)
        with db.read(config) as session:
            purged = session.scalar(select(Lease.until).where(Lease.name == _HOURLY))
            dead = session.scalar(select(func.count()).where(Delivery.state == "dead")) or 0
        return iter([*_breakers(config), *_duties(purged, now), *_dead_letters(dead)])
    except (SQLAlchemyError, ImportError):
        return None


def _breakers(config: Config) -> Iterator[Finding]:
    for paused in limits.Limits(config).pauses():
        text_ = N_("The login test of %(provider)s has switched itself off until %(until)s, after many refusals.")
        if paused.invited:
            text_ = N_(
                "The login test of %(provider)s for people whom the helpdesk invited has switched itself off until "
                "%(until)s, after many refusals."
            )
        yield warning(
            "breaker-open",
            text_,
            N_(
                "Look for the cause first: an attack, or many who have not switched POP3 on yet. “gmx-pop-wizard "
                "limits --lift” switches every login test on at once and forgets the refusals; the limits of each "
                "mailbox stay."
            ),
            provider=paused.provider or "*",
            until=f"{paused.until:%Y-%m-%d %H:%M} UTC",
        )


def _duties(purged: datetime | None, now: datetime) -> Iterator[Finding]:
    if purged is not None and purged < now - LATE:
        yield warning(
            "duties-late",
            N_("Nothing has been deleted by time since %(since)s."),
            N_("The web processes do that by themselves: see that one runs. By hand: gmx-pop-wizard purge"),
            since=f"{purged:%Y-%m-%d %H:%M} UTC",
        )


def _dead_letters(number: int) -> Iterator[Finding]:
    if number:
        yield warning(
            "letters-dead",
            N_("Messages to other systems that were given up: %(number)s."),
            N_("See that the other system answers, then send them again on the helpdesk's page “Reports”."),
            number=number,
        )


def jobs(here: Installation) -> Iterator[Finding] | None:
    """Yield what is wrong with Redis and the workers; None where the site runs the tests by itself."""
    return _jobs(here) if here.config.redis_url else None


def _jobs(here: Installation) -> Iterator[Finding]:
    waits = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
    try:
        with Redis.from_url(here.config.redis_url, **waits) as redis:
            info: Mapping[str, object] = redis.info()
            seconds, microseconds = redis.time()
    except AuthenticationError:
        yield problem(
            "redis-refuses",
            N_("Redis does not let us in."),
            N_("Look at the user name and the password in WEBAPP_REDIS_URL."),
        )
        return
    except (RedisError, ValueError) as error:
        yield of_trouble(Reason(Trouble.REDIS, f"{type(error).__name__}: {error}"))
        return
    yield from _settings_of_redis(info)
    yield from _clock("Redis", seconds + microseconds / 1_000_000)
    if here.has_key:
        engine = RedisEngine(here.config)
        engine.start()
        if reason := without_tests(engine.check_well):
            yield of_trouble(reason)
        engine.shutdown()


def _settings_of_redis(info: Mapping[str, object]) -> Iterator[Finding]:
    version = str(info.get("redis_version", ""))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < REDIS_OLDEST:
        yield problem(
            "redis-old",
            N_("Redis has the version %(version)s. Needed is 6.2 or newer, or Valkey."),
            N_("Install a newer one."),
            version=version,
        )
    if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
        yield problem(
            "redis-evicts",
            N_("Redis throws away running tests where its memory is full: maxmemory-policy is %(policy)s."),
            N_("Set maxmemory-policy to noeviction in its configuration."),
            policy=str(info.get("maxmemory_policy")),
        )
