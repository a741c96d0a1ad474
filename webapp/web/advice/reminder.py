"""The calendar entry that reminds of the backup (RFC 5545)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from icalendar import Alarm, Calendar, Event, vRecur

from webapp.core.text import N_, translations_for

EVERY: Mapping[str, int] = {"month": 1, "quarter": 3}
"""Choice → months between two reminders."""

CHANGED = datetime(2026, 11, 25, tzinfo=UTC)  # DTSTAMP: the last change of these texts, the same for every download
BEGINS, LASTS = time(10, 0), timedelta(minutes=30)


def reminder(every: str, *, locale: str, host: str, url: str, today: date | None = None) -> bytes:
    """Return an iCalendar file: a recurring event on the first Saturday of the month at 10:00 local time.

    The UID depends on `every` and `host` only, so importing twice gives one entry. url: of the page on backups.
    """
    _ = translations_for(locale).gettext
    begins = datetime.combine(_first_saturday_after(today or datetime.now(UTC).date()), BEGINS)  # floating time
    summary = _(N_("Back up my e-mail"))

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", timedelta(0))

    event = Event()
    event.add("uid", f"mail-backup-every-{every}@{host}")
    event.add("dtstamp", CHANGED)
    event.add("dtstart", begins)
    event.add("dtend", begins + LASTS)
    event.add("rrule", vRecur({"FREQ": "MONTHLY", "INTERVAL": EVERY[every], "BYDAY": "1SA"}))
    event.add("summary", summary)
    event.add(
        "description",
        _(N_("Mail that POP has fetched may lie on this device only. Copy it to a second disk. How that is done:"))
        + f"\n{url}",
    )
    event.add("url", url)
    event.add("transp", "TRANSPARENT")
    event.add_component(alarm)

    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//POP setup wizard//backup reminder//" + locale.upper())
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _first_saturday_after(day: date) -> date:
    """Return the next first Saturday of a month after `day`."""
    month = day.replace(day=1)
    while True:
        saturday = month + timedelta(days=(5 - month.weekday()) % 7)
        if saturday > day:
            return saturday
        month = (month + timedelta(days=31)).replace(day=1)
