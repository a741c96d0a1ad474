"""What is seen by asking the site as a visitor does: its name, its certificate, the proxies in front of it."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from webapp.cli.doctor.finding import Finding, Installation, clock_differs, problem, warning
from webapp.cli.doctor.stores import of_trouble
from webapp.core.probe import BOUNDS, FailureKind, certificate, tls_context
from webapp.core.probe.connection import Clock, Connection, Failed, connect, look_up, unverified_context
from webapp.core.text import N_
from webapp.infrastructure import http_client, security
from webapp.infrastructure.config import Config
from webapp.web.health import proxies
from webapp.web.health.readiness import Reason, Trouble

ANSWER_SECONDS = 8.0
CLOCK_SECONDS = 5.0  # `Date` has whole seconds
EXPIRES_SOON_DAYS = 14
ALIVE = b"ok\n"  # of /healthz

_CERTIFICATE = {
    FailureKind.CERTIFICATE_EXPIRED: N_("The certificate of %(host)s has expired."),
    FailureKind.CERTIFICATE_NOT_YET_VALID: N_("The certificate of %(host)s is not valid yet, or the clock is slow."),
    FailureKind.CERTIFICATE_WRONG_HOST: N_("The certificate at %(host)s is made out to another name."),
    FailureKind.CERTIFICATE_SELF_SIGNED: N_("The certificate of %(host)s signs itself: no browser trusts it."),
    FailureKind.CERTIFICATE_CHAIN_INCOMPLETE: N_(
        "The proxy at %(host)s sends its certificate without the one above it."
    ),
}
_CERTIFICATE_CURE = {
    FailureKind.CERTIFICATE_NOT_YET_VALID: N_("Compare the clocks of this machine and of the proxy."),
    FailureKind.CERTIFICATE_CHAIN_INCOMPLETE: N_("Give the proxy the whole chain; certbot calls it fullchain.pem."),
}


@dataclass(frozen=True, slots=True)
class _Asked:
    config: Config
    url: str

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        return self.parts.hostname or ""

    @property
    def port(self) -> int:
        return self.parts.port or (443 if self.parts.scheme == "https" else 80)

    def connect(self) -> Connection:
        """Return a connection to the site; raises Failed."""
        clock = Clock(ANSWER_SECONDS)
        sock, _, _ = connect(look_up(self.host, self.port, clock, BOUNDS), clock, BOUNDS)
        return Connection(sock, clock, BOUNDS)

    def get(self, path: str, **headers: str) -> http_client.Answer:
        """Return the answer of the site; raises RequestError."""
        values: dict[str, Any] = {"headers": headers}
        return http_client.request("GET", self.url + path, self.config.tls_ca_file, seconds=ANSWER_SECONDS, **values)


def look(here: Installation) -> Iterator[Finding]:
    """Yield what a visitor meets at the site's public address, or at its port on this machine where it has none."""
    own = _Asked(here.config, f"http://127.0.0.1:{here.port}")
    asked = replace(own, url=here.config.public_url) if here.config.public_url else own
    reached = _reached(asked)
    if isinstance(reached, Finding):
        yield reached
        if asked is not own:
            yield _seen_here(own)
        return
    yield from _expiring(asked.host, reached)
    yield from _helpdesk(asked)
    answer = asked.get("/healthz")
    if answer.content != ALIVE:
        yield _other(asked, answer.status)
        if answer.status >= 500:
            yield _seen_here(own)
        return
    yield from _clock(asked, answer.headers)
    yield from _page(asked)
    yield from _in_clear(asked)
    yield from _tests(asked)
    if here.has_key:
        yield from _proxies(asked)


def _helpdesk(site: _Asked) -> Iterator[Finding]:
    """Yield why agents do not come to the host that is theirs alone."""
    if not site.config.helpdesk_host:
        return
    asked = replace(site, url=f"{site.parts.scheme}://{site.config.helpdesk_host}:{site.port}")
    reached = _reached(asked)
    if isinstance(reached, Finding):
        yield reached
        return
    yield from _expiring(asked.host, reached)
    answer = asked.get("/healthz")
    if answer.content != ALIVE:
        yield _other(asked, answer.status)


def _reached(asked: _Asked) -> Finding | Mapping[str, object]:
    """Return why the site cannot be asked, else facts of its certificate."""
    try:
        connected = asked.connect()
    except Failed as failed:
        return _not_connected(asked, failed.kind)
    with closing(connected) as connection:
        if asked.parts.scheme != "https":
            return {}
        try:
            connection.start_tls(tls_context(asked.config.tls_ca_file), asked.host)
        except Failed as failed:
            return _untrusted(asked, failed.kind)
        return certificate.facts(connection.tls)


def _not_connected(asked: _Asked, kind: FailureKind) -> Finding:
    if kind is FailureKind.UNRESOLVED:
        return problem(
            "name-unknown",
            N_("The name %(host)s of the site leads nowhere."),
            N_("Enter it in the DNS, or put the setting right."),
            host=asked.host,
        )
    return problem(
        "site-silent",
        N_("Nothing answers at %(url)s. (%(reason)s)"),
        N_(
            "Start the site: make run, or as a service systemctl start gmx-pop-wizard. "
            "If it has another port, name it with --port."
        ),
        url=asked.url,
        reason=kind.value,
    )


def _untrusted(asked: _Asked, kind: FailureKind) -> Finding:
    if kind is FailureKind.CERTIFICATE_UNTRUSTED:
        kind = certificate.explain_untrusted(_presented(asked))
    if not kind.value.startswith("certificate_"):
        return problem(
            "tls-failed",
            N_("No encrypted connection to %(host)s comes about. (%(reason)s)"),
            N_("See that the proxy speaks https on this port, with TLS 1.2 or newer."),
            host=asked.host,
            reason=kind.value,
        )
    text = _CERTIFICATE.get(kind, N_("No authority that this machine knows stands behind the certificate of %(host)s."))
    cure = _CERTIFICATE_CURE.get(kind, N_("Get a new certificate for this name and reload the proxy."))
    return problem(kind.value.replace("_", "-"), text, cure, host=asked.host)


def _presented(asked: _Asked) -> list[certificate.Certificate]:
    try:
        with closing(asked.connect()) as connection:
            connection.start_tls(unverified_context(), asked.host)
            return certificate.presented(connection.tls)
    except Failed:
        return []


def _seen_here(own: _Asked) -> Finding:
    """Say whether the site itself runs, where the way to it is broken."""
    try:
        runs = own.get("/healthz").content == ALIVE
    except http_client.RequestError:
        runs = False
    if runs:
        return problem(
            "proxy-breaks",
            N_("The site itself runs: %(url)s answers. What is broken lies in front of it."),
            N_("Look at the proxy's configuration and its log of errors."),
            url=own.url,
        )
    return problem(
        "site-stopped",
        N_("The site itself does not answer at %(url)s either."),
        N_("Start it, and read its log: journalctl -u gmx-pop-wizard. If it has another port, name it with --port."),
        url=own.url,
    )


def _other(asked: _Asked, status: int) -> Finding:
    if status >= 500:
        return problem(
            "proxy-error",
            N_("The proxy at %(url)s does not reach the site. (%(status)s)"),
            N_("See that the site runs, and that the proxy leads to its port."),
            url=asked.url,
            status=status,
        )
    return problem(
        "other-site",
        N_("Something else than this program answers at %(url)s. (%(status)s)"),
        N_("See that the proxy hands everything under this name to the site, and leads nowhere else."),
        url=asked.url,
        status=status,
    )


def _clock(asked: _Asked, headers: Mapping[str, str]) -> Iterator[Finding]:
    try:
        difference = round(parsedate_to_datetime(headers.get("Date", "")).timestamp() - time.time())
    except ValueError:
        return
    if abs(difference) > CLOCK_SECONDS:
        yield clock_differs(asked.host, difference)


def _page(asked: _Asked) -> Iterator[Finding]:
    """Yield what is wrong with the first page: its name is refused, it fails, its headers are not ours."""
    answer = asked.get("/")
    if answer.status == 400:
        yield problem(
            "host-refused",
            N_("The site refuses its own name %(host)s."),
            N_("Let the proxy hand on the header Host (nginx: proxy_set_header Host $host)."),
            host=asked.host,
        )
    elif answer.status != 200:
        yield problem(
            "page-fails",
            N_("The first page answers with the code %(status)s."),
            N_("Look into the log of the site for the incident."),
            status=answer.status,
        )
    else:
        yield from _headers(asked, answer.headers)


def _in_clear(asked: _Asked) -> Iterator[Finding]:
    """Yield whether a site with https is served without it, too, where no cookie of it comes back."""
    if not asked.config.https or asked.port != 443:
        return
    with suppress(http_client.RequestError):
        if replace(asked, url=f"http://{asked.host}").get("/healthz").content == ALIVE:
            yield warning(
                "http-open",
                N_("The site answers without https, too: who comes that way loses every answer."),
                N_("Let the proxy lead everybody to https, as deploy/nginx.conf does."),
            )


def _headers(asked: _Asked, headers: Mapping[str, str]) -> Iterator[Finding]:
    wanted = dict(security.HEADERS)
    if asked.config.https:
        wanted["Strict-Transport-Security"] = security.HSTS
    changed = [name for name, value in wanted.items() if headers.get(name) != value]
    if not headers.get("Content-Security-Policy", "").startswith("default-src 'none'; script-src 'nonce-"):
        changed.append("Content-Security-Policy")
    if headers.get("Cache-Control") != "no-store":
        changed.append("Cache-Control")
    if changed:
        yield warning(
            "headers-changed",
            N_("These headers do not arrive as the site sends them: %(headers)s."),
            N_("Let the proxy add, change and cache nothing. If you have changed WEBAPP_PUBLIC_URL, restart the site."),
            headers=", ".join(changed),
        )


def _tests(asked: _Asked) -> Iterator[Finding]:
    """Yield what the site itself says of its pages and tests."""
    for line in dict.fromkeys(line.partition(": ")[2] for line in _lines(asked)):
        for trouble in Trouble:
            if line.startswith(trouble):
                yield of_trouble(Reason(trouble, line.removeprefix(trouble).strip(" ()")))


def _lines(asked: _Asked) -> list[str]:
    text = asked.get("/readyz/tests").content.decode("utf-8", "replace")
    return [line for line in text.splitlines() if line.startswith(("pages: ", "tests: "))]


def _proxies(asked: _Asked) -> Iterator[Finding]:
    """Yield where the site counts people by another address than theirs."""
    answer = asked.get("/readyz/proxy", **proxies.question(asked.config))
    way = answer.json if answer.status == 200 else None
    if not isinstance(way, dict):
        yield problem(
            "other-key",
            N_("The site at %(url)s has another key than this command, or is of an older version."),
            N_("Give this command the settings of the site, and restart the site after you change them."),
            url=asked.url,
        )
        return
    trusted, there = asked.config.trusted_proxies, int(way["proxies"])
    if there < trusted:
        yield problem(
            "proxies-too-many",
            N_(
                "WEBAPP_TRUSTED_PROXIES is %(trusted)s, but the number of proxies that add X-Forwarded-For is "
                "%(there)s: whoever likes chooses the network address that they are counted by."
            ),
            N_("Let each proxy add the header, or set the number of those that do."),
            trusted=trusted,
            there=there,
        )
    elif there > trusted:
        yield problem(
            "proxies-too-few",
            N_(
                "WEBAPP_TRUSTED_PROXIES is %(trusted)s, but the number of proxies in front is %(there)s: everybody "
                "counts as one network address, and few may test their login."
            ),
            N_("Set it to %(there)s."),
            trusted=trusted,
            there=there,
        )
    elif trusted and way["scheme"] != asked.parts.scheme:
        yield problem(
            "scheme-missing",
            N_("The proxy does not say by which way people come: X-Forwarded-Proto is missing."),
            N_("Let it add the header (nginx: proxy_set_header X-Forwarded-Proto $scheme)."),
        )


def _expiring(host: str, facts: Mapping[str, object]) -> Iterator[Finding]:
    days = facts.get("days_left")
    if isinstance(days, int) and days < EXPIRES_SOON_DAYS:
        yield warning(
            "certificate-expires",
            N_("The certificate of %(host)s expires on %(date)s."),
            N_("See that it is renewed by itself (certbot: systemctl list-timers), and the proxy reloaded after that."),
            host=host,
            date=str(facts.get("not_after")),
        )
