"""When somebody is at the helpdesk, and the times at which people may call instead."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from babel.dates import format_skeleton
from flask_babel import format_date, format_time

from webapp.core.text import N_, Message
from webapp.infrastructure.config import Config, current_config
from webapp.infrastructure.config_helpdesk import parse_hours
from webapp.infrastructure.i18n import current_locale
from webapp.infrastructure.models import Case, CaseState

WINDOW = timedelta(hours=1)
SHORTEST = timedelta(minutes=20)
NOTICE = timedelta(minutes=15)  # a time begins no sooner
DAYS = 7
WINDOWS_MAX = 100  # seven days of 14 hours


@dataclass(frozen=True, slots=True)
class Window:
    """A time at which a person may call, in UTC."""

    begin: datetime
    end: datetime

    @property
    def id(self) -> str:
        return str(int(self.begin.timestamp()))

    @property
    def day(self) -> str:
        return str(format_date(self._local(self.begin).date(), "full"))

    @property
    def clock(self) -> Message:
        words = {"begin": self._time(self.begin), "end": self._time(self.end)}
        return Message(N_("between %(begin)s and %(end)s"), words)

    @property
    def text(self) -> Message:
        return Message(N_("%(day)s, %(clock)s"), {"day": self.day, "clock": self.clock})

    @property
    def short(self) -> Message:
        """Return the time in the words of a list, where day and hour stand in one line on a phone."""
        clock = current_config().helpdesk_clock
        day = format_skeleton("MMMEd", self.begin, tzinfo=clock, locale=current_locale())
        words = {"day": day, "begin": self._time(self.begin), "end": self._time(self.end)}
        return Message(N_("%(day)s, %(begin)s to %(end)s"), words)

    @staticmethod
    def _local(moment: datetime) -> datetime:
        return moment.astimezone(current_config().helpdesk_clock)

    def _time(self, moment: datetime) -> str:
        return str(format_time(self._local(moment), "short", rebase=False))


def _open_spans(config: Config, now: datetime) -> Iterator[Window]:
    """Yield when the helpdesk is open from today on, the next first."""
    today = now.astimezone(config.helpdesk_clock).date()
    spans = parse_hours(config.helpdesk_hours)
    for day in (today + timedelta(days=number) for number in range(DAYS + 1)):
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  on the wall, made a moment below
        for span in spans:
            if span.weekday == day.weekday():
                begin, end = (
                    (midnight + timedelta(minutes=minutes)).replace(tzinfo=config.helpdesk_clock).astimezone(UTC)
                    for minutes in (span.begin, span.end)
                )
                yield Window(begin, end)


def is_open(config: Config, now: datetime | None = None) -> bool:
    """Whether somebody should be there now; at any hour where no hours are set."""
    now = now or datetime.now(UTC)
    return not config.helpdesk_hours or any(span.begin <= now < span.end for span in _open_spans(config, now))


def windows(config: Config, now: datetime | None = None) -> list[Window]:
    """Return the times at which people may call, none where no hours are set."""
    now = now or datetime.now(UTC)
    found: list[Window] = []
    for span in _open_spans(config, now) if config.helpdesk_hours else ():
        begin = span.begin
        while span.end - begin >= SHORTEST and len(found) < WINDOWS_MAX:
            end = min(begin + WINDOW, span.end)
            end = span.end if span.end - end < SHORTEST else end
            if begin >= now + NOTICE:
                found.append(Window(begin, end))
            begin = end
    return found


def opens_next(config: Config, now: datetime | None = None) -> Window | None:
    """Return when somebody is there next; None while somebody is, or where no hours are set."""
    now = now or datetime.now(UTC)
    if is_open(config, now):
        return None
    return next((span for span in _open_spans(config, now) if span.begin > now), None)


def window_of(case: Case) -> Window | None:
    """Return the time at which the person of a case calls, None for every other case, and once it is over."""
    end = case.code_expires_at
    if case.state != CaseState.BOOKED or case.call_from is None or end is None or end < datetime.now(UTC):
        return None
    return Window(case.call_from, end)
