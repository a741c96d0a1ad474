"""Takes the pictures of Thunderbird's guide anew: `make pictures`. Plays every way in German and English.

What is new or differs by more than noise from the committed picture is written in its place and fails: look at it, then
commit it. With another version than the one of the pictures the labels and their order must hold; pixels are only reported.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.support import gmx_network
from tests.support.dovecot import missing as no_dovecot
from tests.support.guide_player import PLAYS, Play, Sight, played, version_of
from tests.support.pictures import FOLDER, Picture, difference, read_list, taken, write_list
from tests.support.screen import missing as no_screen
from tests.support.thunderbird import PROGRAM
from tests.support.thunderbird import missing as no_thunderbird
from tests.support.thunderbird_screen import NotOnScreenError
from webapp.core.text import locales

Taken = dict[str, tuple[bytes, Picture]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, default=PROGRAM, help="another Thunderbird")
    parser.add_argument("--locale", choices=locales(), action="append", help="one language only")
    parser.add_argument("--update", action="store_true", help="write pictures of another version too")
    asked = parser.parse_args()
    if reason := no_thunderbird() or no_dovecot() or no_screen():
        sys.stdout.write(f"SKIPPED: {reason}.\n")
        return 0
    version = version_of(asked.program)
    failed = False
    for locale in asked.locale or locales():
        try:
            sights = take(locale, asked.program)
        except NotOnScreenError as error:
            sys.stdout.write(f"{locale}: {error}\n")
            return 1
        failed |= compare(locale, version, sights, asked.update)
    return int(failed)


def take(locale: str, program: Path) -> Taken:
    """Play every way in `locale`; of a picture that several ways have, the first one counts."""
    sights: Taken = {}
    version = version_of(program)

    def look(sight: Sight) -> None:
        if sight.screenshot.name not in sights:
            sights[sight.screenshot.name] = taken(sight, version)

    for play in PLAYS:
        _once(play, locale, program, look)
        sys.stdout.write(f"{locale}: played {play}\n")
        sys.stdout.flush()
    return sights


def _once(play: Play, locale: str, program: Path, look) -> None:  # type: ignore[no-untyped-def]
    folder = Path(tempfile.mkdtemp(prefix="pictures-"))  # stays where it fails: there lies what was on the screen
    with gmx_network.start() as gmx:
        gmx.deliver(*gmx_network.MAIL)
        with played(play, gmx, folder / "profile", locale, look, program):
            pass
    shutil.rmtree(folder, ignore_errors=True)


def compare(locale: str, version: str, sights: Taken, update: bool) -> bool:
    """Compare with the committed pictures, write what differs; return whether that fails."""
    folder = FOLDER / locale
    folder.mkdir(parents=True, exist_ok=True)
    known = read_list(folder)
    other_version = any(picture.version != version for picture in known.values())
    kept = dict(known)
    failed = False
    for name, (content, picture) in sights.items():
        said = "new"
        if name in known:
            said = difference(((folder / known[name].file).read_bytes(), known[name]), (content, picture))
        if not said:
            continue
        only_reported = other_version and not update
        sys.stdout.write(f"{locale}/{name}: {said}{' (another version: only reported)' if only_reported else ''}\n")
        if not only_reported:
            failed = True
            kept[name] = picture
            (folder / picture.file).write_bytes(content)
    for name in set(known) - set(sights):
        sys.stdout.write(f"{locale}/{name}: no step shows it any more\n")
        (folder / kept.pop(name).file).unlink()
        failed = True
    if failed:
        write_list(folder, kept)
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
