"""`dns DOMAIN`: the records ready to paste, and which of them stand."""

from __future__ import annotations

import json
from pathlib import Path

import dns.resolver
import dns.zone
import pytest
from click.testing import CliRunner, Result

from webapp.cli import cli
from webapp.core import providers
from webapp.web.discovery import pacc
from webapp.web.discovery.records import NONE, records

NORDLICHT = Path(__file__).parents[1] / "support" / "provider_files"


def run(*arguments: str, **settings: str) -> Result:
    environment = {"LC_ALL": "C", "WEBAPP_PUBLIC_URL": "https://pop.example.org", **settings}
    return CliRunner(env=environment).invoke(cli, ["dns", *arguments])


def test_the_records_are_a_zone_that_a_name_server_reads() -> None:
    result = run("gmx.de")
    assert result.exit_code == 0, result.output
    zone = dns.zone.from_text("$TTL 300\n@ SOA ns. root. 1 2 3 4 5\n@ NS ns.\n" + result.output, "gmx.de.")
    assert zone.get_rdataset("_pop3s._tcp", "SRV").to_text() == "300 IN SRV 0 1 995 pop.gmx.net."
    assert "465 mail.gmx.net." in zone.get_rdataset("_submissions._tcp", "SRV").to_text()
    assert zone.get_rdataset("autoconfig", "CNAME").to_text().endswith("CNAME pop.example.org.")
    digest = pacc.record(providers.load()["gmx.net"])
    assert f'"{digest}"' in zone.get_rdataset("_ua-auto-config", "TXT").to_text()


def test_what_a_provider_has_not_is_said_and_nothing_else_is_promised() -> None:
    """Nordlicht sends on 587 only and takes the local part as user name, which PACC cannot say."""
    result = run("nordlicht.example", WEBAPP_PROVIDERS_DIR=str(NORDLICHT))
    assert result.exit_code == 0, result.output
    assert f"_submissions._tcp.nordlicht.example.         SRV    {NONE}" in result.output
    assert "SRV    5 1 587 smtp.nordlicht.example." in result.output
    assert "ua-auto-config" not in result.output


def test_an_unknown_domain_and_a_site_without_a_name_are_refused_with_the_next_step() -> None:
    result = run("example.org")
    assert (result.exit_code, "gmx-pop-wizard providers new example.org" in result.output) == (2, True)
    result = run("gmx.de", WEBAPP_PUBLIC_URL="")
    assert (result.exit_code, "WEBAPP_PUBLIC_URL" in result.output) == (2, True)


def test_check_tells_which_records_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The DNS of the world is not asked in tests: its answers are those of a zone."""
    standing = {(r.name, r.type): r for r in records("gmx.de", providers.load()["gmx.net"], "pop.example.org")}
    wrong = standing.pop(("_pop3s._tcp.gmx.de.", "SRV"))
    missing = standing.pop(("_ua-auto-config.gmx.de.", "TXT"))
    lines = "".join(f"{record}\n" for record in standing.values()) + f"{wrong.name} SRV 9 9 999 elsewhere.example.\n"
    zone = dns.zone.from_text("$TTL 300\n@ SOA ns. root. 1 2 3 4 5\n@ NS ns.\n" + lines, "gmx.de.", relativize=False)

    def resolve(name: str, kind: str, **_: object) -> object:
        found = zone.get_rdataset(name, kind)
        if found is None:
            raise dns.resolver.NoAnswer
        return found

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    result = run("gmx.de", "--check")
    assert result.exit_code == 1
    assert f"✗ {wrong}\n  there is: 9 9 999 elsewhere.example." in result.output
    assert f"✗ {missing}\n  there is none" in result.output
    assert result.output.count("✓") == len(standing)
    rows = json.loads(run("gmx.de", "--check", "--json").output)
    assert {row["name"] for row in rows if not row["stands"]} == {wrong.name, missing.name}
