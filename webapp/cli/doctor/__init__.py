"""`doctor`: what is wrong with this installation, in sentences with the cure. Changes nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from webapp.cli.context import EXIT_FAILED, json_option, locale_option, spoken, write_json
from webapp.core.terminal import painted
from webapp.core.text import N_, InputError, Message

if TYPE_CHECKING:
    from webapp.cli.doctor.finding import Finding, Installation

PORT = 8000
_MARKS = {"well": ("✓", "32"), "warning": ("!", "33"), "problem": ("✗", "31"), "unseen": ("–", "2")}


@dataclass(frozen=True, slots=True)
class Area:
    """What was looked at. findings: None where there was nothing to look at."""

    id: str
    label: str
    findings: tuple[Finding, ...] | None

    @property
    def state(self) -> str:
        if self.findings is None:
            return "unseen"
        severities = {finding.severity.value for finding in self.findings}
        return next((severity for severity in ("problem", "warning") if severity in severities), "well")


@click.command(
    help=N_(
        """Say what is wrong with this installation, and how to put it right.

Looks at settings, rights, disk, versions, clock, provider files, database, Redis, workers, and asks the site as a
visitor does: at WEBAPP_PUBLIC_URL, or at its port on this computer. Changes nothing.

  gmx-pop-wizard doctor
  gmx-pop-wizard doctor --json

Exit code 0: nothing is broken (there may be warnings). 1: something is. 2: the call was wrong."""
    )
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, metavar="PORT",
    help=N_("Port that the site listens on, on this computer."),
)  # fmt: skip
@json_option
@locale_option
def doctor(port: int, as_json: bool) -> None:
    areas = examine(os.environ, port)
    if as_json:
        write_json(_shape(areas))
    else:
        _write(areas)
    if any(area.state == "problem" for area in areas):
        sys.exit(EXIT_FAILED)


def examine(environ: Mapping[str, str], port: int = PORT) -> list[Area]:
    """Look at the installation that has the settings `environ`."""
    from webapp.cli.doctor import here, site, stores
    from webapp.cli.doctor.finding import Installation
    from webapp.infrastructure import db

    config, invalid = here.read_settings(environ)
    if config is None:
        return [Area("settings", N_("Settings"), tuple(invalid))]
    with suppress(InputError):  # said of the key
        config = config.completed(make=False)
    place = Installation(config, environ, port)
    looks: tuple[tuple[str, str, Callable[[Installation], Iterable[Finding] | None]], ...] = (
        ("settings", N_("Settings"), lambda place: (*invalid, *here.settings(place))),
        ("folder", N_("Data folder and key"), here.folder),
        ("disk", N_("Disk"), here.disk),
        ("versions", N_("Libraries"), here.versions),
        ("clock", N_("Clock"), here.clock),
        ("providers", N_("Provider files"), here.provider_files),
        ("certificates", N_("Certificate files"), here.certificates),
        ("database", N_("Database"), stores.database),
        ("work", N_("What needs you"), stores.work),
        ("jobs", N_("Redis and workers"), stores.jobs),
        ("site", N_("Site and proxy"), site.look),
    )
    try:
        return list(_without_twins(Area(id_, label, _looked(look, place)) for id_, label, look in looks))
    finally:
        db.dispose()


def _looked(
    look: Callable[[Installation], Iterable[Finding] | None], place: Installation
) -> tuple[Finding, ...] | None:
    """Return what `look` finds; a look that fails is one more finding, and ends no other."""
    from webapp.cli.doctor.finding import problem

    findings: list[Finding] = []
    try:
        found = look(place)
        if found is None:
            return None
        findings.extend(found)  # a look that fails keeps what it had found
    except PermissionError as error:
        text = N_("“%(path)s” is closed to the user who called this.")
        cure = N_("Call this as the site's user or as root; with systemd: wizard doctor.")
        findings.append(problem("closed", text, cure, path=str(error.filename)))
    except Exception as error:
        text = N_("This could not be looked at. (%(reason)s)")
        findings.append(problem("look-failed", text, reason=type(error).__name__))
    return tuple(findings)


def _without_twins(areas: Iterable[Area]) -> Iterator[Area]:
    """Leave out what an earlier area says in the same words: the site names its own troubles, too."""
    said: set[str] = set()
    for area in areas:
        if area.findings is None:
            yield area
            continue
        yield replace(area, findings=tuple(finding for finding in area.findings if str(finding.text) not in said))
        said.update(str(finding.text) for finding in area.findings)


def _shape(areas: list[Area]) -> dict[str, Any]:
    from webapp.cli.doctor import here

    return {
        "version": 1,
        "well": all(area.state != "problem" for area in areas),
        "facts": here.facts(),
        "areas": [
            {"id": area.id, "state": area.state, "findings": [found.to_json(spoken()) for found in area.findings or ()]}
            for area in areas
        ],
    }


def _write(areas: list[Area]) -> None:
    translations = spoken()
    for area in areas:
        mark, colour = _MARKS[area.state]
        click.echo(f"{painted(colour, mark, sys.stdout)} {translations.gettext(area.label)}")
        for finding in area.findings or ():
            mark, colour = _MARKS[finding.severity.value]
            click.echo(f"    {painted(colour, mark, sys.stdout)} {finding.text.translated(translations)}")
            if finding.cure:
                click.echo(f"      → {finding.cure.translated(translations)}")
    click.echo()
    click.echo(_verdict(areas).translated(translations))


def _verdict(areas: list[Area]) -> Message:
    numbers = {
        severity: sum(finding.severity == severity for area in areas for finding in area.findings or ())
        for severity in ("problem", "warning")
    }
    if numbers["problem"]:
        text = N_("%(number)s thing is broken.")
        return Message(text, {"number": numbers["problem"]}, plural=N_("%(number)s things are broken."))
    if numbers["warning"]:
        text = N_("Nothing is broken. %(number)s thing could be better.")
        plural = N_("Nothing is broken. %(number)s things could be better.")
        return Message(text, {"number": numbers["warning"]}, plural=plural)
    return Message(N_("Everything is well."))
