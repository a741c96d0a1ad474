"""The periodic check: every server of every provider, without a password, from where this installation stands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from webapp import db, probe
from webapp.account import MailAccount, ServerType
from webapp.config import current_config, current_providers
from webapp.health.samples import forget_cached
from webapp.models import HealthSample
from webapp.probe.report import Report, Stage, Status, Vantage
from webapp.providers import Provider

if TYPE_CHECKING:
    from flask import Flask

AT_THE_SAME_TIME = 4


def run(app: Flask) -> None:
    """Dial every server and keep how it was; needs an application context."""
    config = current_config()
    tls = probe.tls_context(config.tls_ca_file)

    def check(account: MailAccount) -> Report:
        return probe.run(account, vantage=Vantage.SERVER, tls=tls)

    accounts = [account for provider in current_providers().values() for account in pairs(provider)]
    with ThreadPoolExecutor(AT_THE_SAME_TIME, "health") as pool:
        reports = list(pool.map(check, accounts))
    keep(reports, datetime.now(UTC))


def pairs(provider: Provider) -> list[MailAccount]:
    """Return the provider's servers two by two, one for receiving and one for sending, as a test dials them."""
    receiving = [server for server in provider.servers if server.type is ServerType.POP3]
    sending = [server for server in provider.servers if server.type is ServerType.SMTP]
    # No password, so nobody's address is ever said: the account only carries the servers.
    account = provider.account(f"check@{sorted(provider.domains)[0]}")
    return [
        replace(
            account,
            incoming=receiving[min(number, len(receiving) - 1)],
            outgoing=sending[min(number, len(sending) - 1)],
        )
        for number in range(max(len(receiving), len(sending)))
    ]


def keep(reports: list[Report], now: datetime) -> None:
    """Keep one sample for each server that `reports` name."""
    found: dict[tuple[str, str, int], HealthSample] = {}
    for report in reports:
        for protocol in dict.fromkeys(stage.protocol for stage in report.stages):
            stages = [stage for stage in report.stages if stage.protocol is protocol]
            sample = _sample(report.provider, stages, now)
            found.setdefault((sample.provider, sample.protocol, sample.port), sample)
    with db.begin() as session:
        session.add_all(found.values())
    forget_cached()


def _sample(provider: str, stages: list[Stage], now: datetime) -> HealthSample:
    failed = next((stage for stage in stages if stage.status is Status.FAILED), None)
    return HealthSample(
        at=now,
        provider=provider,
        protocol=stages[0].protocol.value,
        port=stages[0].port,
        failure=failed.failure.kind.value if failed and failed.failure else None,
        milliseconds=round(sum(stage.milliseconds or 0 for stage in stages)),
    )
