"""What can be seen without asking anybody: settings, rights, disk, versions, clock, provider files, certificates."""

import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import webapp
from webapp.cli.doctor.finding import Finding, Installation, Severity, problem, refused, warning
from webapp.core import providers, troubles
from webapp.core.providers.loading import ProviderFileError
from webapp.core.text import N_, InputError
from webapp.infrastructure import signing
from webapp.infrastructure.config import SECRET_KEY_FILE_NAME, Config, unknown_variables, variable
from webapp.infrastructure.version import NAME, version
from webapp.server import warnings
from webapp.web.pages import names_number

PINS = "requirements.txt"
FREE_MEGABYTES = 50  # less: soon nothing can be written
FREE_MEGABYTES_WANTED = 500
FREE_FILES = 1000
EXPIRES_SOON = timedelta(days=14)
_MEGABYTE = 1 << 20
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_settings(environ: Mapping[str, str]) -> tuple[Config | None, list[Finding]]:
    """Return the settings without those that are invalid, and what is wrong; None where no rest can be used."""
    left = dict(environ)
    found: list[Finding] = []
    while True:
        try:
            return Config.from_environment(left), found
        except InputError as error:
            found.append(refused("setting-invalid", error))
            if left.pop(str(error.message.values.get("setting")), None) is None:
                return None, found


def settings(here: Installation) -> Iterator[Finding]:
    """Yield what is unwise though valid."""
    config = here.config
    for said in unknown_variables(here.environ):
        yield Finding("setting-unknown", Severity.WARNING, said)
    for said in warnings(config, config.public_host):
        yield Finding("setting-unwise", Severity.WARNING, said)
    if not here.environ.get(variable("public_url")):
        yield warning(
            "public-url-missing",
            N_("WEBAPP_PUBLIC_URL is not set: the site takes itself for one that only this computer sees."),
            N_("Set it to the address that people type, such as https://pop.example.org."),
        )
    missing = [variable(name) for name in ("operator_name", "operator_contact") if not getattr(config, name)]
    if missing:
        yield warning(
            "operator-missing",
            N_("The pages do not say who runs this site. Not set: %(settings)s."),
            N_("Set it: people want to know whom they trust."),
            settings=", ".join(missing),
        )
    if config.helpdesk_hours and not names_number(config.operator_contact):
        yield warning(
            "calls-nowhere",
            N_("People choose an hour for a call (WEBAPP_HELPDESK_HOURS), but no page says which number to call."),
            N_("Set WEBAPP_OPERATOR_CONTACT to your telephone number."),
        )
    if config.login_test and not config.country:
        yield warning(
            "country-missing",
            N_("WEBAPP_COUNTRY is not set: people are not told from where their login is tested."),
            N_("Set it, such as “Deutschland”. Providers lock mailboxes on logins from far-apart places."),
        )


def folder(here: Installation) -> Iterator[Finding]:
    """Yield what is wrong with the data folder and the key; with Redis and PostgreSQL there is no folder."""
    config = here.config
    place = config.data_dir.absolute()
    if config.redis_url and not config.database.startswith("sqlite"):
        yield from _key(here)
        return
    try:
        found = place.stat()
    except OSError:
        yield problem(
            "folder-missing",
            N_("There is no data folder “%(path)s”."),
            N_("“serve” makes it. If the site has another, give this command the settings of the site."),
            path=str(place),
        )
        return
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        yield problem(
            "folder-closed",
            N_("Nothing can be written to the data folder “%(path)s”."),
            N_(
                "Call this as the site's user or as root. Else give the folder to that user, on a disk that takes "
                "writes."
            ),
            path=str(place),
        )
    if found.st_mode & _OTHERS:
        yield warning(
            "folder-open",
            N_("Other users of this machine may look into the data folder “%(path)s”."),
            N_("chmod 700 %(path)s"),
            path=str(place),
        )
    for path in sorted(place.iterdir()) if os.access(place, os.R_OK | os.X_OK) else ():
        if path.is_file() and path.lstat().st_uid != found.st_uid:
            yield problem(
                "owner-differs",
                N_("“%(path)s” belongs to another user than its folder: the site may be unable to use it."),
                N_("chown --reference=%(folder)s %(path)s"),
                path=str(path),
                folder=str(place),
            )
    yield from _key(here)


def _key(here: Installation) -> Iterator[Finding]:
    path = here.config.secret_key_file or here.config.data_dir.absolute() / SECRET_KEY_FILE_NAME
    if variable("secret_key") in here.environ:
        return
    if not path.exists():
        yield problem(
            "key-missing",
            N_("There is no key “%(path)s”."),
            N_("“serve” makes it. If the site had one, put it back: without it, what it sealed stays closed."),
            path=str(path),
        )
        return
    if not here.has_key:
        try:
            here.config.completed(make=False)
        except InputError as error:
            yield refused("key-unusable", error)
    if path.stat().st_mode & _OTHERS:
        yield problem(
            "key-open",
            N_("Other users of this machine may read the key “%(path)s”."),
            N_("chmod 600 %(path)s. If somebody may have read it, change it (docs/operation.md, “Changing the key”)."),
            path=str(path),
        )


def disk(here: Installation) -> Iterator[Finding]:
    place = here.config.data_dir.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free // _MEGABYTE
    files = os.statvfs(place)
    if free < FREE_MEGABYTES or (files.f_files and files.f_favail < FREE_FILES):
        yield problem(
            "disk-full",
            N_("The disk of “%(path)s” is full: %(megabytes)s MB and %(files)s files are left."),
            N_("Make room. Without it no test is counted, and no link is kept."),
            path=str(place),
            megabytes=free,
            files=files.f_favail,
        )
    elif free < FREE_MEGABYTES_WANTED:
        yield warning(
            "disk-nearly-full",
            N_("The disk of “%(path)s” is nearly full: %(megabytes)s MB are left."),
            N_("Make room before it is."),
            path=str(place),
            megabytes=free,
        )


def versions(_here: Installation) -> Iterator[Finding]:
    """Yield libraries that are missing, or of another version than the one that is tested."""
    pinned = pins()
    needed = {_plain(name) for name in _requirements()}
    for name in sorted(needed | set(pinned)):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            if name in needed:
                yield problem(
                    "library-missing",
                    N_("The library %(name)s is missing."),
                    N_("Install the program anew (docs/operation.md)."),
                    name=name,
                )
            continue
        if installed != pinned.get(name, installed):
            yield warning(
                "library-differs",
                N_("The library %(name)s has the version %(installed)s. Tested is %(pinned)s."),
                N_("Install the program anew (docs/operation.md)."),
                name=name,
                installed=installed,
                pinned=pinned[name],
            )


def pins() -> Mapping[str, str]:
    """Return the versions that this program is tested with, by the name of the library."""
    package = Path(webapp.__file__).parent
    file = next((path for path in (package / PINS, package.parent / PINS) if path.exists()), None)  # wheel, checkout
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", file.read_text("utf-8"), re.MULTILINE) if file else []
    return {_plain(name): version for name, version in found}


def _requirements() -> Iterator[str]:
    for line in metadata.requires(NAME) or ():
        name = re.match(r"[\w.-]+", line)
        if name and "extra ==" not in line:
            yield name.group()


def _plain(name: str) -> str:
    """Return the name of a library as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def clock(_here: Installation) -> Iterator[Finding]:
    """Yield a clock that is older than this program. How it stands to others is seen where they are asked."""
    made = max(provider.checked for provider in providers.load(None, ()).values())
    now = datetime.now(UTC)
    if now.date() < made:
        yield problem(
            "clock-behind",
            N_("The clock of this machine says %(now)s, which is before this program was made."),
            N_("Set it, and let it be set by itself: apt install systemd-timesyncd"),
            now=f"{now:%Y-%m-%d %H:%M} UTC",
        )


def provider_files(here: Installation) -> Iterator[Finding]:
    """Yield what is wrong with the provider files, and with the file of known troubles."""
    loads = (
        ("provider-file", lambda: providers.load(here.config.providers_dir, here.config.providers)),
        ("troubles-file", lambda: troubles.load(here.config.troubles_file)),
    )
    for id_, load in loads:
        try:
            load()
        except ProviderFileError as error:
            yield from (Finding(id_, Severity.PROBLEM, error.line(found)) for found in error.problems)
        except InputError as error:
            yield refused(id_, error)


def certificates(here: Installation) -> Iterator[Finding] | None:
    """Yield what is wrong with the files of certificates; None without any."""
    config = here.config
    return _certificates(config) if config.profile_signing_cert else None


def _certificates(config: Config) -> Iterator[Finding]:
    try:
        found, end = signing.check(config), signing.expires(config)
    except InputError as error:
        yield refused("signing-unusable", error)
        return
    yield from (Finding("signing-unwise", Severity.WARNING, said) for said in found)
    if end and datetime.now(UTC) < end < datetime.now(UTC) + EXPIRES_SOON:
        yield warning(
            "signing-expires",
            N_("The certificate that signs Apple profiles expires on %(date)s."),
            N_("Renew it. The site takes the new files by itself."),
            date=end.date().isoformat(),
        )


def facts() -> dict[str, str]:
    """Return what runs here, for a report."""
    return {"program": version(), "python": ".".join(map(str, sys.version_info[:3]))}
