"""Do the provider files still say what is published? Compared with three witnesses: documents, help pages, servers.

Documents: Thunderbird's database and what the provider's own domain answers mail programs (autoconfig). Help pages:
every link of the file is followed. Servers: dialled without credentials, by the probe that tests connections.

Nothing is changed by itself: people read what differs and decide.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool

from webapp.core import probe
from webapp.core.providers import Provider
from webapp.core.stages import FAILURE_LABELS, STAGE_LABELS
from webapp.core.text import N_, Message
from webapp.web.drift import documents, help_pages
from webapp.web.drift.fetching import Fetcher, FetchError
from webapp.web.drift.findings import Finding, Severity
from webapp.web.health.checks import pairs

__all__ = ["SOURCES", "Check", "FetchError", "Fetcher", "Finding", "Severity", "compare"]

AT_THE_SAME_TIME = 4

SOURCES = (
    "https://live.thunderbird.net/autoconfig/v1.1/{domain}",
    "https://autoconfig.{domain}/mail/config-v1.1.xml",
    "https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
)


@dataclass(frozen=True, slots=True)
class Check:
    """What to look at. sources: addresses of documents, {domain} standing for the provider's main domain."""

    sources: Sequence[str] = SOURCES
    links: bool = True
    servers: bool = True
    vantage: probe.Vantage = probe.Vantage.THIS_COMPUTER


def compare(provider: Provider, check: Check, fetcher: Fetcher) -> list[Finding]:
    """Return everything that is to be said of `provider`, the gravest first."""
    found: list[Finding] = []
    with ThreadPool(AT_THE_SAME_TIME) as pool:
        read = pool.imap(lambda source: documents.compared(provider, source, fetcher), _addresses(provider, check))
        followed = pool.imap(
            lambda link: help_pages.followed(provider, link, fetcher), help_pages.of(provider) if check.links else ()
        )
        dialled = pool.imap(
            lambda account: _dialled(probe.run(account, vantage=check.vantage, tls=probe.tls_context(fetcher.ca_file))),
            pairs(provider) if check.servers else (),
        )
        for findings in (*read, *followed, *dialled):
            found.extend(findings)
    return sorted(dict.fromkeys(found), key=lambda finding: (finding.severity.rank, finding.kind, finding.subject))


def _addresses(provider: Provider, check: Check) -> list[str]:
    domain = provider.id if provider.id in provider.domains else min(provider.domains)
    return [source.replace("{domain}", domain) for source in check.sources]


def _dialled(report: probe.Report) -> Iterable[Finding]:
    for stage in report.stages:
        if stage.status is probe.Status.FAILED and stage.failure is not None:
            kind = stage.failure.kind
            values = {"stage": Message(STAGE_LABELS[stage.stage]), "failure": Message(FAILURE_LABELS[kind])}
            yield Finding(
                report.provider,
                Severity.DIFFERENCE,
                "server-failed",
                f"{stage.protocol} {stage.host}:{stage.port}",
                Message(N_("The server does not answer as it should: %(stage)s, %(failure)s."), values),
            )
