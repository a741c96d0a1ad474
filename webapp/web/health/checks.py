"""The periodic check of every server, without a password."""

from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.pool import ThreadPool

from flask import Flask

from webapp.core import probe
from webapp.core.account import MailAccount, ServerType
from webapp.core.providers import Provider
from webapp.infrastructure import db
from webapp.infrastructure.config import current_config, current_providers
from webapp.infrastructure.models import HealthSample
from webapp.web.health.samples import outages

AT_THE_SAME_TIME = 4


def run(app: Flask) -> None:
    """Check every server and store the samples; needs an application context."""
    config = current_config()
    tls = probe.tls_context(config.tls_ca_file)

    def check(account: MailAccount) -> probe.Report:
        return probe.run(account, vantage=probe.Vantage.SERVER, tls=tls)

    accounts = [account for provider in current_providers().values() for account in pairs(provider)]
    with ThreadPool(AT_THE_SAME_TIME) as pool:
        reports = list(pool.imap(check, accounts))
    keep(reports, datetime.now(UTC))


def pairs(provider: Provider) -> list[MailAccount]:
    """Return the provider's servers as pairs (receiving, sending) for a test."""
    receiving, sending = provider.servers_of(ServerType.POP3), provider.servers_of(ServerType.SMTP)
    # Without a login the address is never sent.
    account = provider.account(f"check@{sorted(provider.domains)[0]}")
    return [
        replace(
            account,
            incoming=receiving[min(number, len(receiving) - 1)],
            outgoing=sending[min(number, len(sending) - 1)],
        )
        for number in range(max(len(receiving), len(sending)))
    ]


def keep(reports: list[probe.Report], now: datetime) -> None:
    """Store one sample per server in `reports`."""
    found: dict[tuple[str, str, int], HealthSample] = {}
    for report in reports:
        for protocol in dict.fromkeys(stage.protocol for stage in report.stages):
            stages = [stage for stage in report.stages if stage.protocol is protocol]
            sample = _sample(report.provider, stages, now)
            found.setdefault((sample.provider, sample.protocol, sample.port), sample)
    with db.begin() as session:
        session.add_all(found.values())
    outages.forget()


def _sample(provider: str, stages: list[probe.Stage], now: datetime) -> HealthSample:
    failed = next((stage for stage in stages if stage.status is probe.Status.FAILED), None)
    return HealthSample(
        at=now,
        provider=provider,
        protocol=stages[0].protocol.value,
        port=stages[0].port,
        failure=failed.failure.kind.value if failed and failed.failure else None,
        milliseconds=round(sum(stage.milliseconds or 0 for stage in stages)),
    )
