"""Walks a stage that was added as one entry in `pop3.py` through everything that shows stages.

Runs as a program in a copy of the code that has the entry: `python -m tests.support.new_stage FOLDER`.
"""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

from tests.support.certificates import Certificates
from tests.support.fault_server import Dialogue, FaultServer, read
from webapp import create_app
from webapp.connection_tests.redis_stores import report_from_record, report_to_record
from webapp.core import probe
from webapp.core.account import KEEP_FOREVER, MailAccount, Server, ServerType, SocketType
from webapp.core.diagnosis import explain, report_to_json, report_to_text
from webapp.core.diagnosis.reading import read_report
from webapp.core.probe import Protocol, Report, Secret, Status, Vantage
from webapp.core.stages import STAGE_LABELS
from webapp.core.terminal import StageTree
from webapp.core.text import translations_for
from webapp.helpdesk.live_view import TestRun
from webapp.helpdesk.vocabulary import Kind, checked
from webapp.infrastructure.config import Config
from webapp.web.connection_tests.results import servers

USER, PASSWORD = "anna@gmx.de", "a password of the tests"
ENTRY = """    @as_stage(N_("Say nothing"), "NOOP", needs_login=True)
    def _noop(self) -> Found:
        self._must(self._ask(self._command("NOOP")), otherwise=FailureKind.PROTOCOL_ERROR)
        return NOTHING

"""
BEFORE = '    @as_stage(N_("Count the messages")'


def add_entry(pop3: Path, entry: str = ENTRY) -> None:
    """Write `entry` into the module `pop3`, before the stage that counts the messages."""
    source = pop3.read_text(encoding="utf-8")
    assert source.count(BEFORE) == 1
    pop3.write_text(source.replace(BEFORE, entry + BEFORE), encoding="utf-8")


def tested(certificates: Certificates, *, login: bool) -> Report:
    pop3, smtp = (read(name if login else f"{name}-without-login") for name in ("pop3-good", "smtp-good"))
    steps = []
    for kind, text in pop3.steps:
        steps += [("C", "NOOP"), ("S", "+OK")] if (kind, text) == ("C", "STAT") else []
        steps.append((kind, text))
    dialogues: list[Dialogue] = [replace(pop3, steps=tuple(steps)), smtp]
    played = [FaultServer(each, certificates.server_context("ok"), USER, PASSWORD) for each in dialogues]
    with played[0], played[1]:
        account = MailAccount(USER, "", played[0].server, played[1].server, KEEP_FOREVER, "gmx.net")
        report = probe.run(
            account, vantage=Vantage.SERVER, login=login, password=Secret(PASSWORD) if login else None,
            tls=certificates.client_context,
        )  # fmt: skip
    assert report.passed, report.failures()
    assert played[0].surprises == []
    return report


def main() -> None:
    folder = Path(sys.argv[1])
    certificates = Certificates(folder)
    english = translations_for("en")

    report = tested(certificates, login=True)
    (stage,) = (stage for stage in report.stages if stage.stage == "noop")
    assert (stage.protocol, stage.status) == (Protocol.POP3, Status.PASSED)
    assert probe.STAGES[Protocol.POP3][6:9] == ("authenticate", "noop", "stat")

    shape = report_to_json(report, explain(report), "en", None)
    assert read_report(report_to_text(report, (), "en")).stages
    assert report_from_record(report_to_record(report)) == report
    app = create_app(Config(data_dir=folder, secret_key="of the tests"))
    document = app.test_client().get("/api/v1/openapi.json").json["components"]["schemas"]["Stage"]
    assert stage.stage in document["properties"]["stage"]["enum"]
    assert stage.stage in [each["stage"] for each in shape["stages"]]

    assert "Say nothing" in [line.label for line in servers(report, english, "en")[0].lines]
    without = tested(certificates, login=False)
    assert "Say nothing" not in [line.label for line in servers(without, english, "en")[0].lines]
    planned = probe.planned(
        MailAccount(USER, "", *_servers(), KEEP_FOREVER, "gmx.net"), vantage=Vantage.SERVER, login=False
    )
    assert "Say nothing" not in [line.label for line in servers(planned, english, "en")[0].lines]

    words = {"run": 1, "protocol": "pop3", "stage": "noop", "status": "passed", "failure": None}
    assert checked(Kind.STAGE, words) == words
    ((_, rows),) = TestRun(1, report.started_at, stages={"pop3": {"noop": ("passed", None)}}).rows()
    assert [STAGE_LABELS[name] for name, status, _ in rows if status == "passed"] == ["Say nothing"]

    terminal = io.StringIO()
    with StageTree(english, terminal) as tree:
        tree.write(report.stages)
    assert "Say nothing" in terminal.getvalue()


def _servers() -> tuple[Server, Server]:
    return (
        Server(ServerType.POP3, "pop.example.org", 995, SocketType.SSL),
        Server(ServerType.SMTP, "mail.example.org", 465, SocketType.SSL),
    )


if __name__ == "__main__":
    main()
