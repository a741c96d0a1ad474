"""The settings, read from WEBAPP_* environment variables and validated at start.

A setting is one field of `Config`; its variable is the name in upper case with the prefix WEBAPP_. The field's text is
also in docs/settings.md; a test compares the two.

Does not import Flask, so that commands start without the web application.
"""

from __future__ import annotations

# ruff: noqa: RUF009  a field of Config is made by setting()
import difflib
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from webapp.core.text import N_, Message
from webapp.infrastructure import config_values as values
from webapp.infrastructure.config_helpdesk import HelpdeskSettings
from webapp.infrastructure.config_values import setting

if TYPE_CHECKING:
    from webapp.core.clients import ExportOptions
    from webapp.core.providers import Provider

PREFIX = "WEBAPP_"
SECRET_KEY_FILE_NAME = "secret-key"  # noqa: S105  a file name
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")

# Constants that are no settings. Time-outs and sizes of a run: webapp.core.probe.bounds.
WEB_THREADS = 32
DATABASE_BUSY_SECONDS = 5

BODY_BYTES_MAX = 64 * 1024
TABLE_BYTES_MAX = 1 << 20  # of a table of people
TABLE_ROWS_MAX = 10_000
TABLE_CODES_MAX = 300  # rows with a QR code as a picture
FORM_PARTS_MAX = 100
SESSION_BYTES_MAX = 3500  # browsers keep 4096 bytes of a cookie, its name and attributes included
SESSION_HOURS = 24  # since the last answer
DEVICES_MAX = 6
MX_LOOKUP_SECONDS = 2.0
LINK_HOURS = 24
HEALTH_SAMPLE_DAYS = 30

RESULT_WAIT_SECONDS = 2.0
RESULT_WAITERS_MAX = WEB_THREADS // 4
POLL_MILLISECONDS = 600
RUN_STATE_SECONDS = 10 * 60
PASSWORD_SECONDS = 60
CHECK_CACHE_SECONDS = 30.0

CIRCLE_AFTER_LOGIN_SECONDS = 60 * 60  # after a login test that passed


class Scope(StrEnum):
    """Additional rights of an API key."""

    LOGIN_TEST = "login-test"
    BULK = "bulk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(HelpdeskSettings):
    """The settings. `from_environment` validates them; a Config made by hand (tests) is not validated."""

    secret_key: str = setting(
        "",
        values.key,
        "Key for cookies, links and limits: 32 characters or more. Unset: made once and kept in the data folder.",
        secret=True,
    )
    secret_key_file: Path | None = setting(None, values.file, "File that holds the key, instead of WEBAPP_SECRET_KEY.")
    secret_key_fallbacks: tuple[str, ...] = setting(
        (),
        values.keys,
        "Former keys, separated by blanks. What was sealed with them still opens; the new key seals.",
        secret=True,
    )
    data_dir: Path = setting(
        Path("data"),
        values.data_folder,
        "Folder for the database and the key. One running server per folder. Unset: the folder data where you start.",
    )
    database_url: str = setting(
        "",
        values.database_url,
        "Where the database is: sqlite:///… or postgresql://…. Unset: SQLite in the data folder.",
        secret=True,
    )
    redis_url: str = setting(
        "",
        values.redis_url,
        "Redis or Valkey that carries the tests to worker processes. Unset: tests run inside the web process.",
        secret=True,
    )
    public_url: str = setting(
        "",
        values.origin,
        "The address people type, such as https://pop.example.org. With https, cookies are Secure and HSTS is sent. "
        "Unset: search engines list no page.",
    )
    trusted_proxies: int = setting(
        0,
        values.integer(0, 5),
        "How many proxies of yours stand in front and add X-Forwarded-For and X-Forwarded-Proto. Unset: 0.",
    )
    trusted_hosts: tuple[str, ...] = setting(
        (),
        values.host_names,
        "Further host names under which the site answers, separated by blanks. Loopback and WEBAPP_PUBLIC_URL always.",
    )
    providers_dir: Path | None = setting(
        None,
        values.folder,
        "Folder of TOML files with further providers. A file of a built-in id replaces that provider.",
    )
    providers: tuple[str, ...] = setting(
        (),
        values.words,
        "Ids of the providers to serve, separated by blanks; the site is about the first. Unset: all, GMX first.",
    )
    troubles_file: Path | None = setting(
        None, values.file, "TOML file with known troubles of mail programs, shown beside the built-in ones."
    )
    tls_ca_file: Path | None = setting(
        None, values.authorities, "Certificates (PEM) to trust beside the system's, for servers of your own."
    )
    site_name: str = setting(
        "", values.line, "Name of the site, at the top of its pages. Unset: made of the first provider's name."
    )
    operator_name: str = setting("", values.line, "Who runs this site, as shown on its pages.")
    operator_contact: str = setting("", values.line, "How people reach you: a mail address or a phone number.")
    operator_imprint_url: str = setting("", values.web_address, "Your imprint, linked from the page /imprint.")
    operator_privacy_url: str = setting(
        "", values.web_address, "Your own privacy notice, linked from the page /privacy."
    )
    notice: str = setting("", values.line, "A line shown at the top of every page, such as “GMX ist heute gestört”.")
    country: str = setting(
        "", values.line, "Where this server stands, such as “Deutschland”. Named before a login test."
    )
    login_test: bool = setting(
        True, values.switch, "on (unset) or off: whether people may test their login from this server."
    )
    test_threads: int = setting(
        64, values.integer(1, 500), "How many tests run at the same time; more wait in a queue. Unset: 64."
    )
    health_interval: int | None = setting(
        None, values.integer(60, 86_400), "Seconds between two checks of the mail servers. Unset: no checks."
    )
    log_format: str = setting(
        "text", values.one_of("text", "json"), "text (unset) or json: how the lines of the log are written."
    )
    metrics_token: str = setting("", values.key, "Token that opens /metrics. Unset: /metrics is closed.", secret=True)
    profile_signing_cert: Path | None = setting(
        None, values.file, "Certificate chain (PEM) that signs Apple profiles. Unset: they are not signed."
    )
    profile_signing_key: Path | None = setting(None, values.file, "Key (PEM) of that certificate.")
    api_requests_per_minute: int = setting(
        120,
        values.integer(1, 1_000_000),
        "How many requests to the API a network address has in a minute; a key has its own number. Unset: 120.",
    )
    api_login_test: bool = setting(
        False,
        values.switch,
        "on or off (unset): whether the API may test a login, for keys with the scope login-test.",
    )
    operator_webhook: str = setting(
        "",
        values.web_address,
        "Address that receives, as JSON, what you should look at yourself. Unset: nothing is sent.",
        secret=True,
    )
    operator_webhook_secret: str = setting("", values.key, "Key that signs what is sent to that address.", secret=True)
    drift_interval: int | None = setting(
        None,
        values.integer(3600, 2_678_400),
        "Seconds between two comparisons of the provider files with what is published. Unset: no comparisons.",
    )
    helpdesk_host: str = setting(
        "", values.host_name, "Host name under which agents work, apart from the site for everybody. Unset: the same."
    )
    helpdesk_retention: int = setting(
        24, values.integer(1, 720), "Hours from the last thing in a helpdesk case until it is deleted. Unset: 24."
    )
    helpdesk_second_factor: str = setting(
        "administrators",
        values.one_of("administrators", "all", "nobody"),
        "Who must set up a second step before seeing more than the own account: administrators (unset), all, nobody.",
    )
    oidc_issuer: str = setting(
        "", values.safe_address, "OpenID Connect issuer at which agents may sign in. Unset: name and password."
    )
    oidc_client_id: str = setting("", values.line, "Client id that the issuer gave this site.")
    oidc_client_secret: str = setting("", values.line, "Client secret that the issuer gave this site.", secret=True)
    oidc_name: str = setting("", values.line, "What the sign-in button calls the issuer. Unset: its host name.")
    webhook_url: str = setting(
        "", values.web_address, "Address that receives the report of each closed case as JSON.", secret=True
    )
    webhook_secret: str = setting("", values.key, "Key that signs what is sent to that address.", secret=True)
    ticket_system: str = setting(
        "", values.one_of("zammad"), "zammad: receives the report of each closed case as a note. Unset: none."
    )
    ticket_url: str = setting("", values.web_address, "Base address of the ticket system.")
    ticket_token: str = setting("", values.line, "Access token of the ticket system.", secret=True)
    ticket_queue: str = setting("", values.line, "Group for new tickets. Unset: Users.")
    ticket_customer: str = setting("", values.line, "Mail address of the customer whom new tickets are filed under.")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Config:
        """Read the settings from `environ`; an empty variable counts as unset.

        Raises InputError naming the first invalid variable. Has no side effects.
        """
        read = {}
        for entry in fields(cls):
            text = environ.get(variable(entry.name), "").strip()
            if text:
                read[entry.name] = entry.metadata["parse"](variable(entry.name), text)
        config = cls(**read)
        config._check()
        return config

    def _check(self) -> None:
        if self.secret_key and self.secret_key_file:
            raise values.refuse(variable("secret_key_file"), N_("Set WEBAPP_SECRET_KEY or %(setting)s, not both."))
        if self.redis_url and not (self.secret_key or self.secret_key_file):
            raise values.refuse(
                variable("redis_url"), N_("%(setting)s needs WEBAPP_SECRET_KEY too: all processes must share one key.")
            )
        if self.helpdesk_host and self.helpdesk_host == self.public_host:
            raise values.refuse(variable("helpdesk_host"), N_("%(setting)s must not be the name in WEBAPP_PUBLIC_URL."))
        for first, *others in (
            ("profile_signing_cert", "profile_signing_key"),
            ("profile_signing_key", "profile_signing_cert"),
            ("helpdesk_host", "public_url"),
            ("operator_webhook", "operator_webhook_secret"),
            ("drift_interval", "operator_webhook"),
            ("oidc_issuer", "oidc_client_id", "oidc_client_secret"),
            ("webhook_url", "webhook_secret"),
            ("ticket_system", "ticket_url", "ticket_token"),
        ):
            missing = [variable(name) for name in others if not getattr(self, name)]
            if getattr(self, first) and missing:
                text = N_("%(setting)s needs %(missing)s too.")
                raise values.refuse(variable(first), text, missing=", ".join(missing))

    @property
    def https(self) -> bool:
        """Whether the site is reached by https: cookies are then `__Host-` and Secure, and HSTS is sent."""
        return self.public_url.startswith("https://")

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the accepted host names: lower case, IPv6 addresses without brackets."""
        public = values.url_host(self.public_url)
        further = (host.lower().strip("[]") for host in self.trusted_hosts)
        return (*LOOPBACK_HOSTS, *(name for name in (public, self.helpdesk_host) if name), *further)

    @property
    def public_host(self) -> str:
        return values.url_host(self.public_url) or "localhost"

    def export_options(self, locale: str, **chosen: Any) -> ExportOptions:
        """Return the options of an export: host and operator of this site, and `chosen`."""
        from webapp.core.clients import ExportOptions

        return ExportOptions(locale=locale, host=self.public_host, organization=self.operator_name, **chosen)

    @property
    def database(self) -> str:
        """Return the database's URL; default: SQLite in the data folder."""
        return self.database_url or sqlite_url(self.data_dir / "wizard.sqlite3")

    def completed(self, *, make: bool = True) -> Config:
        """Return the settings with the secret key from its file; `make` it in the data folder if it is missing.

        Raises InputError if the file cannot be used.
        """
        if self.secret_key:
            return self
        path = self.secret_key_file or self.data_dir / SECRET_KEY_FILE_NAME
        if make and self.secret_key_file is None:
            _make_key_file(path)
        try:
            key = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise values.refuse(
                variable("secret_key_file"), N_("%(setting)s: “%(path)s” cannot be read."), path=str(path)
            ) from error
        return replace(self, secret_key=values.key(variable("secret_key_file"), key))

    def unsafe(self) -> Iterator[Message]:
        """Yield a warning for a key that can be guessed, and for what leads to another machine without encryption."""
        if self.secret_key and values.is_guessable(self.secret_key):
            yield Message(N_("The key of the site can be guessed: change it (docs/operation.md, “Changing the key”)."))
        addresses = ("operator_webhook", "webhook_url", "ticket_url", "redis_url", "database_url")
        for name in addresses:
            if values.is_in_clear(getattr(self, name)):
                text = N_(
                    "%(setting)s leads to another machine without encryption: what goes there can be read on the way."
                )
                yield Message(text, {"setting": variable(name)})

    def describe(self) -> Iterator[tuple[str, str]]:
        """Yield every variable with its effective value; secrets are masked."""
        for entry in fields(self):
            yield variable(entry.name), _written(getattr(self, entry.name), secret=entry.metadata["secret"])


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{quote(str(path))}"


def variable(name: str) -> str:
    return PREFIX + name.upper()


def unknown_variables(environ: Mapping[str, str] = os.environ) -> list[Message]:
    """Return a warning for every unknown WEBAPP_* variable, and for one that nearly is a setting (WEBAP_COUNTRY).

    Not an error: Kubernetes sets WEBAPP_SERVICE_HOST and others for a service named webapp.
    """
    known = [variable(entry.name) for entry in fields(Config)]
    warnings = []
    for name in sorted(environ.keys() - known):
        is_ours = name.startswith(PREFIX)
        near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.85 if is_ours else 0.9)
        if is_ours or near:
            text = N_("%(name)s is not a setting. Did you mean %(near)s?") if near else N_("%(name)s is not a setting.")
            warnings.append(Message(text, {"name": name, "near": near[0]} if near else {"name": name}))
    return warnings


def current_config() -> Config:
    """Return the settings of the running application; needs an application context."""
    from flask import current_app  # not at import, see above

    config = current_app.extensions["config"]
    assert isinstance(config, Config)  # noqa: S101  tells mypy what create_app put there
    return config


def current_providers() -> Mapping[str, Provider]:
    """Return the providers of the running application by id; needs an application context."""
    from flask import current_app

    known: Mapping[str, Provider] = current_app.extensions["providers"].known()
    return known


def site_provider() -> Provider:
    """Return the provider that the site is about: the first one."""
    return next(iter(current_providers().values()))


def _make_key_file(path: Path) -> None:
    """Create the file with this installation's key (mode 0600) if it is missing."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Written aside, then linked: processes that start together agree on one complete key.
        draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        if not path.exists():
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
    except OSError as error:
        raise values.refuse(
            variable("data_dir"), N_("%(setting)s: nothing can be written to “%(path)s”."), path=str(path.parent)
        ) from error


def _written(value: object, *, secret: bool) -> str:
    match value:
        case None | "" | ():
            return ""
        case _ if secret:
            return "********"
        case bool():
            return "on" if value else "off"
        case tuple():
            return " ".join(map(str, value))
        case _:
            return str(value)
