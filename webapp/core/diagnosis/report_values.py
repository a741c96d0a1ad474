"""Validation of the values of a pasted report."""

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from enum import Enum
from typing import NoReturn, TypeVar

from webapp.core.probe import STAGES, Protocol, Report
from webapp.core.probe.report import CIRCLE_STAGES, VERSION
from webapp.core.text import N_, InputError

E = TypeVar("E", bound=Enum)

OCTETS_MAX = 60 * 1024
TEXT_MAX = 500  # characters of a fact; the probe writes at most 200
FACTS_MAX = 30  # of one stage
LIST_MAX = 120  # entries of a fact; CAPA has at most 100 lines
NUMBER_MAX = 10**15

REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")
PROVIDER = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,60}[a-z0-9])?")
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
FACT = re.compile(r"[a-z][a-z0-9_]{0,30}")
CODE = re.compile(r"[A-Za-z0-9./ -]{1,40}")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class ReportError(InputError):
    """The input is no valid report."""


def fact_name(name: str) -> str:
    if not FACT.fullmatch(name):
        refuse(f"detail.{short(name)}")
    return name


def fact(value: object, path: str) -> str | int | bool | list[str]:
    if isinstance(value, str):
        return printable(value, path)
    if isinstance(value, int) and abs(value) <= NUMBER_MAX:
        return value
    if isinstance(value, list) and len(value) <= LIST_MAX and all(isinstance(entry, str) for entry in value):
        return [printable(entry, path) for entry in value]
    return refuse(path)


def checked(report: Report) -> Report:
    """Return `report` if its stages are known, unique and in order, POP3 before SMTP; raises ReportError."""
    order = [(protocol, name) for protocol in Protocol for name in STAGES[protocol]]
    found = [(stage.protocol, stage.stage) for stage in report.stages]
    if not found or any(place not in order for place in found):
        refuse("stages")
    places = [order.index(place) for place in found]
    if places != sorted(set(places)):
        refuse("stages")
    if report.circle and [(stage.protocol, stage.stage) for stage in report.circle.stages] != [*CIRCLE_STAGES]:
        refuse("circle.stages")
    return report


def check_version(version: int) -> None:
    if version != VERSION:
        raise ReportError(
            N_("This report has the form %(version)s. Here only form %(known)s can be read."),
            version=min(version, 10**6),
            known=VERSION,
        )


def time_of(text: str) -> datetime:
    try:
        time = datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        refuse("started_at")
    if time.year in (MINYEAR, MAXYEAR):  # may overflow in another time zone
        refuse("started_at")
    return time


def member(kind: type[E], value: str, path: str) -> E:
    try:
        return kind(value)
    except ValueError:
        refuse(path)


def printable(text: str, path: str) -> str:
    if len(text) > TEXT_MAX or not text.isprintable():
        refuse(path)
    return text


def short(name: str) -> str:
    """Return `name` for use in a message: at most 30 characters, "?" if unprintable."""
    return name[:30] if name[:30].isprintable() else "?"


def no_number(text: str) -> NoReturn:
    raise ValueError(text)


def refuse(path: str) -> NoReturn:
    raise ReportError(N_("This is not a report we know: “%(place)s” in it is missing or not right."), place=path)
