"""Every setting of an installation, read from WEBAPP_* environment variables and checked before anything starts.

A setting is one field of `Config`: its name, upper case with the prefix WEBAPP_, is the variable. The text beside the
field is what docs/settings.md says of it; a test compares the two.

Knows no Flask at import, so that the command line reads its settings without loading the web application.
"""

from __future__ import annotations

# ruff: noqa: RUF009  a field of Config is made by _setting()
import difflib
import hmac
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from webapp import config_values as values
from webapp.config_values import SECRET_KEY_LENGTH_MIN as SECRET_KEY_LENGTH_MIN
from webapp.text import N_, Message

if TYPE_CHECKING:
    from webapp.providers import Provider

PREFIX = "WEBAPP_"
SECRET_KEY_FILE_NAME = "secret-key"  # noqa: S105  a file name
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")

# Numbers of the house. What a single run may take and read is in webapp.probe.
WEB_THREADS = 32
DATABASE_BUSY_SECONDS = 5

BODY_BYTES_MAX = 64 * 1024
TABLE_BYTES_MAX = 1 << 20  # of a table of people, some 20,000 rows
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

LIMIT_WINDOW_SECONDS = 15 * 60
LOGIN_TESTS_PER_ACCOUNT = 3
LOGIN_TESTS_PER_ADDRESS = 5  # IPv6: per /64
LOGIN_TESTS_PER_MINUTE = 30  # of everybody together
CHECKS_PER_ADDRESS = 30
CIRCLE_AFTER_LOGIN_SECONDS = 60 * 60  # that a login test which passed opens the full circle
LINKS_PER_ADDRESS = 30  # download links made anew

BREAKER_REFUSALS = 20
BREAKER_ACCOUNTS_MIN = 5
BREAKER_WINDOW_SECONDS = 10 * 60
BREAKER_PAUSE_SECONDS = 30 * 60


def _setting(default: Any, parse: Callable[[str, str], Any], text: str, *, secret: bool = False) -> Any:
    """Make a field of `Config`: how its variable is read, what it means, and whether it is masked in print."""
    return field(default=default, metadata={"parse": parse, "text": text, "secret": secret}, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of this installation.

    `from_environment` reads and checks them. A Config made by hand (tests) is taken as it is.
    """

    secret_key: str = _setting(
        "",
        values.key,
        "Key for cookies, links and limits: 32 characters or more. Unset: made once and kept in the data folder.",
        secret=True,
    )
    secret_key_file: Path | None = _setting(None, values.file, "File that holds the key, instead of WEBAPP_SECRET_KEY.")
    secret_key_fallbacks: tuple[str, ...] = _setting(
        (),
        values.keys,
        "Former keys, separated by blanks. Cookies made with them are still read; new ones use the new key.",
        secret=True,
    )
    data_dir: Path = _setting(
        Path("data"),
        values.data_folder,
        "Folder for the database and the key. One running server per folder. Unset: the folder data where you start.",
    )
    database_url: str = _setting(
        "",
        values.database_url,
        "Where the database is: sqlite:///… or postgresql://…. Unset: SQLite in the data folder.",
        secret=True,
    )
    redis_url: str = _setting(
        "",
        values.redis_url,
        "Redis or Valkey that carries the tests to worker processes. Unset: tests run inside the web process.",
        secret=True,
    )
    public_url: str = _setting(
        "",
        values.origin,
        "The address people type, such as https://pop.example.org. With https, cookies are Secure and HSTS is sent.",
    )
    trusted_proxies: int = _setting(
        0,
        values.integer(0, 5),
        "How many proxies of yours stand in front and add X-Forwarded-For and X-Forwarded-Proto.",
    )
    trusted_hosts: tuple[str, ...] = _setting(
        (),
        values.words,
        "Further host names under which the site answers, separated by blanks. Loopback and WEBAPP_PUBLIC_URL always.",
    )
    providers_dir: Path | None = _setting(
        None,
        values.folder,
        "Folder of TOML files with further providers. A file of a built-in id replaces that provider.",
    )
    tls_ca_file: Path | None = _setting(
        None, values.file, "Certificates (PEM) to trust beside the system's, for mail servers of your own."
    )
    operator_name: str = _setting("", values.line, "Who runs this site, as shown on its pages.")
    operator_contact: str = _setting("", values.line, "How people reach you: a mail address or a phone number.")
    operator_imprint_url: str = _setting("", values.web_address, "Your imprint, linked from the page /imprint.")
    operator_privacy_url: str = _setting(
        "", values.web_address, "Your own privacy notice, linked from the page /privacy."
    )
    notice: str = _setting("", values.line, "A line shown at the top of every page, such as “GMX ist heute gestört”.")
    country: str = _setting(
        "", values.line, "Where this server stands, such as “Deutschland”. Named before a login test."
    )
    login_test: bool = _setting(True, values.switch, "on or off: whether people may test their login from this server.")
    test_threads: int = _setting(
        64, values.integer(1, 500), "How many tests run at the same time; more wait in a queue."
    )
    health_interval: int | None = _setting(
        None, values.integer(60, 86_400), "Seconds between two checks of the mail servers. Unset: no checks."
    )
    metrics_token: str = _setting("", values.key, "Token that opens /metrics. Unset: /metrics is closed.", secret=True)
    profile_signing_cert: Path | None = _setting(
        None, values.file, "Certificate chain (PEM) that signs Apple profiles. Unset: they are not signed."
    )
    profile_signing_key: Path | None = _setting(None, values.file, "Key (PEM) of that certificate.")
    api_requests_per_minute: int = _setting(
        120,
        values.integer(1, 1_000_000),
        "How many requests to the API a network address has in a minute. A key has its own number.",
    )
    api_login_test: bool = _setting(
        False,
        values.switch,
        "on or off: whether the API may test a login, for callers whose key has the scope login-test.",
    )
    operator_webhook: str = _setting(
        "",
        values.web_address,
        "Address that receives, as JSON, what you should look at yourself. Unset: nothing is sent.",
    )
    operator_webhook_secret: str = _setting("", values.key, "Key that signs what is sent to that address.", secret=True)
    drift_interval: int | None = _setting(
        None,
        values.integer(3600, 2_678_400),
        "Seconds between two comparisons of the provider files with what is published. Unset: no comparisons.",
    )
    helpdesk_host: str = _setting(
        "", values.host_name, "Host name under which agents work, apart from the site for everybody. Unset: the same."
    )
    helpdesk_retention: int = _setting(
        24, values.integer(1, 720), "Hours after which a helpdesk case is deleted, counted from the last thing in it."
    )
    oidc_issuer: str = _setting(
        "", values.web_address, "OpenID Connect issuer at which agents may sign in. Unset: name and password."
    )
    oidc_client_id: str = _setting("", values.line, "Client id that the issuer gave this site.")
    oidc_client_secret: str = _setting("", values.line, "Client secret that the issuer gave this site.", secret=True)
    oidc_name: str = _setting("", values.line, "What the sign-in button calls the issuer. Unset: its host name.")
    webhook_url: str = _setting("", values.web_address, "Address that receives the report of each closed case as JSON.")
    webhook_secret: str = _setting("", values.key, "Key that signs what is sent to that address.", secret=True)
    ticket_system: str = _setting(
        "", values.one_of("zammad", "znuny", "osticket"), "zammad, znuny or osticket: receives the report as a note."
    )
    ticket_url: str = _setting("", values.web_address, "Base address of the ticket system (Znuny: of its web service).")
    ticket_user: str = _setting("", values.line, "User of the ticket system (Znuny only).")
    ticket_token: str = _setting("", values.line, "Token, password or API key of the ticket system.", secret=True)
    ticket_queue: str = _setting("", values.line, "Group or queue for new tickets. Unset: Users (Zammad), Raw (Znuny).")
    ticket_customer: str = _setting("", values.line, "Mail address of the customer whom new tickets are filed under.")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Config:
        """Read the settings from `environ`; an empty variable counts as unset.

        Raises InputError naming the first variable that is of no use. Makes and changes nothing.
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
                variable("secret_key"),
                N_("%(setting)s is needed with WEBAPP_REDIS_URL: all processes must share one key."),
            )
        if (self.profile_signing_cert is None) != (self.profile_signing_key is None):
            raise values.refuse(
                variable("profile_signing_key"), N_("Set both WEBAPP_PROFILE_SIGNING_CERT and %(setting)s, or neither.")
            )
        if self.operator_webhook and not self.operator_webhook_secret:
            raise values.refuse(
                variable("operator_webhook"), N_("%(setting)s needs WEBAPP_OPERATOR_WEBHOOK_SECRET too.")
            )
        if self.drift_interval and not self.operator_webhook:
            raise values.refuse(variable("drift_interval"), N_("%(setting)s needs WEBAPP_OPERATOR_WEBHOOK too."))

        if self.helpdesk_host and not self.public_url:
            raise values.refuse(
                variable("helpdesk_host"), N_("%(setting)s needs WEBAPP_PUBLIC_URL: invitations lead there.")
            )
        for first, *others in (
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
        """Whether people reach the site by https: then cookies are Secure and `__Host-`, and HSTS is sent."""
        return self.public_url.startswith("https://")

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return every host name under which the site answers: lower case, IPv6 addresses without brackets."""
        public = values.url_host(self.public_url)
        further = (host.lower().strip("[]") for host in self.trusted_hosts)
        return (*LOOPBACK_HOSTS, *(name for name in (public, self.helpdesk_host) if name), *further)

    @property
    def public_host(self) -> str:
        """Return the host name in PUBLIC_URL; Apple profiles derive their identifiers from it."""
        return values.url_host(self.public_url) or "localhost"

    @property
    def database(self) -> str:
        """Return the database's URL, whose default lies in the data folder."""
        return self.database_url or sqlite_url(self.data_dir / "wizard.sqlite3")

    def completed(self) -> Config:
        """Return these settings with the secret key read from its file, or made once in the data folder (mode 0600).

        Raises InputError where the file cannot be used.
        """
        if self.secret_key:
            return self
        path = self.secret_key_file or _made_key_file(self.data_dir)
        try:
            key = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise values.refuse(
                variable("secret_key_file"), N_("%(setting)s: “%(path)s” cannot be read."), path=str(path)
            ) from error
        return replace(self, secret_key=values.key(variable("secret_key_file"), key))

    def key(self, purpose: str) -> bytes:
        """Return the 32-byte key of these settings for one `purpose`; needs `completed` settings."""
        return derived_key(self.secret_key, purpose)

    def describe(self) -> Iterator[tuple[str, str]]:
        """Yield every variable with its value in effect, as it would be written; secrets are masked."""
        for entry in fields(self):
            yield variable(entry.name), _written(getattr(self, entry.name), secret=entry.metadata["secret"])


def sqlite_url(path: Path) -> str:
    """Return the URL of the database in the file `path`, whatever its folders are called."""
    return f"sqlite:///{quote(str(path))}"


def derived_key(secret: str, purpose: str) -> bytes:
    """Return 32 bytes derived from `secret` for one `purpose`: HKDF-SHA-256, RFC 5869, one block."""
    if not secret:
        raise ValueError("no secret key: Config.completed() was not called")
    extracted = hmac.digest(b"gmx-pop-wizard", secret.encode(), "sha256")
    return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")


def variable(name: str) -> str:
    """Return the environment variable of the field `name`."""
    return PREFIX + name.upper()


def unknown_variables(environ: Mapping[str, str] = os.environ) -> list[Message]:
    """Return a warning for every WEBAPP_* variable that is no setting.

    Not an error: Kubernetes sets WEBAPP_SERVICE_HOST and its like by itself for a service named webapp.
    """
    known = [variable(entry.name) for entry in fields(Config)]
    warnings = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
            text = N_("%(name)s is not a setting. Did you mean %(near)s?") if near else N_("%(name)s is not a setting.")
            warnings.append(Message(text, {"name": name, "near": near[0]} if near else {"name": name}))
    return warnings


def current_config() -> Config:
    """Return the settings of the running application; needs an application context."""
    from flask import current_app  # not at import: see the module's docstring

    config = current_app.extensions["config"]
    assert isinstance(config, Config)  # noqa: S101  tells mypy what create_app put there
    return config


def current_providers() -> Mapping[str, Provider]:
    """Return the providers of the running application by id, read once; needs an application context."""
    from flask import current_app

    from webapp import providers

    if "providers" not in current_app.extensions:
        current_app.extensions["providers"] = providers.load(current_config().providers_dir)
    loaded: Mapping[str, Provider] = current_app.extensions["providers"]
    return loaded


def _made_key_file(folder: Path) -> Path:
    """Return the file with this installation's own key; make it where it is missing."""
    path = folder / SECRET_KEY_FILE_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Written aside and linked into place: two processes that start together agree on one complete key.
        draft = folder / f".{SECRET_KEY_FILE_NAME}-{secrets.token_hex(8)}"
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
            variable("data_dir"), N_("%(setting)s: nothing can be written to “%(path)s”."), path=str(folder)
        ) from error
    return path


def _written(value: object, *, secret: bool) -> str:
    match value:
        case None | "" | ():
            return ""
        case _ if secret:
            return "********"
        case bool():
            return "on" if value else "off"
        case tuple():
            return " ".join(value)
        case _:
            return str(value)
