"""A run of the probe against a dialogue of tests/dialogues."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.certificates import Certificates
from tests.support.fault_server import Dialogue, FaultServer, read
from webapp.core import probe
from webapp.core.account import KEEP_FOREVER, MailAccount
from webapp.core.probe import Bounds, Protocol, Report, Secret, Stage, Vantage

USER = "anna@gmx.de"
PASSWORD = "canary-ßecret-Test-Passwort-4711"
PATIENT = Bounds(run=8, run_with_login=8, resolve=5, connect=5, tls=5, reply=5)


@dataclass(frozen=True)
class Played:
    """What came of a run. main: the server of the dialogue; other: a good one for the other protocol."""

    report: Report
    main: FaultServer
    other: FaultServer
    seconds: float

    def stage(self, name: str, protocol: Protocol | None = None) -> Stage:
        wanted = protocol or Protocol(self.main.dialogue.fact("protocol"))
        (found,) = (stage for stage in self.report.stages if (stage.protocol, stage.stage) == (wanted, name))
        return found

    def everything(self) -> str:
        """Everything that is kept of the run, as text."""
        return repr(self.report) + json.dumps([stage.to_json() for stage in self.report.stages])


Play = Callable[..., Played]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def play(certificates: Certificates) -> Play:
    """Run the probe against a dialogue, by name or as it is; further arguments are those of `probe.run`."""

    def run(dialogue: Dialogue | str, *, password: str = PASSWORD, other: str = "", **arguments: Any) -> Played:
        main = read(dialogue) if isinstance(dialogue, str) else dialogue
        if not other:
            other = "smtp-good" if main.fact("protocol") == "pop3" else "pop3-good"
            other += "" if main.login else "-without-login"
        servers = [
            FaultServer(each, certificates.server_context(each.fact("certificate", "ok")), USER, password)
            for each in (main, read(other))
        ]
        with servers[0], servers[1]:
            pop3, smtp = sorted(servers, key=lambda server: server.dialogue.fact("protocol"))
            begin = time.monotonic()
            report = probe.run(
                MailAccount(USER, "", pop3.server, smtp.server, KEEP_FOREVER, "gmx.net"),
                vantage=Vantage.THIS_COMPUTER,
                login=main.login,
                password=Secret(password) if main.login else None,
                **{"tls": certificates.client_context, "bounds": PATIENT, **arguments},
            )
            seconds = time.monotonic() - begin
        return Played(report, *servers, seconds)

    return run


def hides_the_password(text: str) -> bool:
    """True where `text` holds PASSWORD in no form in which it was sent or could be written."""
    forms = [PASSWORD, json.dumps(PASSWORD)[1:-1], repr(PASSWORD.encode())[2:-1]]
    forms += [base64.b64encode(form.encode()).decode() for form in (PASSWORD, f"\0{USER}\0{PASSWORD}")]
    return not any(form in text for form in forms)


@pytest.fixture
def hidden() -> Callable[[str], bool]:
    return hides_the_password
