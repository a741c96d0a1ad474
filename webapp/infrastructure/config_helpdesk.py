"""When somebody is at the helpdesk: the opening hours, and the clock they are read by."""

import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from webapp.core.text import N_
from webapp.infrastructure.config_limits import LimitSettings
from webapp.infrastructure.config_values import refuse, setting

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EXAMPLE = "mon-fri 9:00-17:00, sat 10:00-12:30"
_SPAN = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d?):(\d\d)-(\d\d?):(\d\d)")


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A span of one weekday (0: Monday), in minutes since midnight."""

    weekday: int
    begin: int
    end: int


@lru_cache
def parse_hours(text: str) -> tuple[OpeningHours, ...]:
    """Return the spans of “mon-fri 9:00-17:00, sat 10:00-12:30” in order; raises ValueError."""
    found = []
    for part in text.lower().split(","):
        match = _SPAN.fullmatch(" ".join(part.split()))
        if match is None:
            raise ValueError(part)
        first, last, *clock = match.groups()
        days = range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)
        begin, end = (int(hour) * 60 + int(minute) for hour, minute in (clock[:2], clock[2:]))
        if not days or not 0 <= begin < end <= 24 * 60 or int(clock[1]) > 59 or int(clock[3]) > 59:
            raise ValueError(part)
        found += [OpeningHours(day, begin, end) for day in days]
    return tuple(sorted(found, key=lambda span: (span.weekday, span.begin)))


def _hours(variable: str, text: str) -> str:
    try:
        parse_hours(text)
    except ValueError:
        raise refuse(variable, N_("%(setting)s must read like “%(example)s”."), example=_EXAMPLE) from None
    return text


def _time_zone(variable: str, text: str) -> str:
    if text not in available_timezones():
        raise refuse(variable, N_("%(setting)s must be a time zone such as %(example)s."), example="Europe/Berlin")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpdeskSettings(LimitSettings):
    """What `webapp.infrastructure.config.Config` holds of the helpdesk's day."""

    helpdesk_hours: str = setting(
        "",
        _hours,
        "When somebody is at the helpdesk, such as “mon-fri 9:00-17:00, sat 10:00-12:30”. Outside, people get a time "
        "for their call. Unset: at any hour, and no times are offered.",
    )
    helpdesk_time_zone: str = setting(
        "Europe/Berlin", _time_zone, "Time zone of the opening hours and of a course's day. Unset: Europe/Berlin."
    )

    @property
    def helpdesk_clock(self) -> ZoneInfo:
        return ZoneInfo(self.helpdesk_time_zone)
