"""The check in a single file, started as a person starts it, by every Python it supports."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.dovecot import ANNA, COM, POP_OFF, UMLAUT, Dovecot
from tests.support.interpreters import TOO_OLD, interpreters
from tests.support.providers import rewrite_providers
from tests.support.terminal import in_terminal
from tests.web.check_file.conftest import Start, clean_environment
from webapp.core.account import Server, ServerType, SocketType
from webapp.web.check_file.building import check_file

PASSWORD_QUESTION = "GMX-Passwort f"  # on some terminals without its umlaut


@pytest.mark.peers
def test_without_a_password_both_trees_pass_and_nobody_logs_in(
    python: str, pyz: Path, start: Start, dovecot: Dovecot
) -> None:
    before = dovecot.attempts(ANNA.address)
    result = start(python, pyz, ANNA.address)
    assert result.returncode == 0, result.stderr + result.stdout
    assert "Empfang (POP3)" in result.stdout
    assert "Versand (SMTP)" in result.stdout
    assert "Es wurde kein Passwort gesendet." in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stderr == ""
    assert dovecot.attempts(ANNA.address) == before


@pytest.mark.peers
def test_with_a_login_the_report_has_the_shape_of_every_other(python: str, pyz: Path, dovecot: Dovecot) -> None:
    before = dovecot.attempts(UMLAUT.address)
    code, shown = in_terminal(
        [python, str(pyz), UMLAUT.address, "--login", "--json", "--locale", "de"],
        [(PASSWORD_QUESTION, UMLAUT.password)],
        clean_environment(LC_ALL="C.UTF-8"),
    )
    assert code == 0, shown
    report = json.loads(shown[shown.index("{\n") : shown.rindex("}") + 1])
    assert list(report) == [
        "version", "reference", "address", "provider", "vantage", "login", "password_sent", "started_at", "state",
        "passed", "stages", "diagnoses", "mailbox",
    ]  # fmt: skip
    assert (report["vantage"], report["state"], report["address"]) == ("this-computer", "passed", "u…t@gmx.de")
    assert report["mailbox"] is not None
    assert dovecot.attempts(UMLAUT.address) == before + 2
    assert UMLAUT.password not in shown


@pytest.mark.peers
def test_a_wrong_password_ends_with_1_and_the_checklist_after_one_attempt(
    any_python: str, pyz: Path, dovecot: Dovecot
) -> None:
    before = dovecot.attempts(POP_OFF.address)
    code, shown = in_terminal(
        [any_python, str(pyz), POP_OFF.address, "--login"],
        [(PASSWORD_QUESTION, POP_OFF.password)],
        clean_environment(),
    )
    assert code == 1
    assert "GMX hat die Anmeldung abgelehnt" in shown
    assert "  5. " in shown
    assert POP_OFF.password not in shown
    assert dovecot.attempts(POP_OFF.address) == before + 1


@pytest.mark.peers
def test_started_by_a_double_click_it_asks_for_what_it_needs(python: str, pyz: Path, dovecot: Dovecot) -> None:
    before = dovecot.attempts(ANNA.address)
    code, shown = in_terminal(
        [python, str(pyz)],
        [
            ("Ihre E-Mail-Adresse: ", "anna"),
            ("Ihre E-Mail-Adresse: ", f"  {ANNA.address.upper()} "),
            ("Anmelden? [j/N] ", "j"),
            (PASSWORD_QUESTION, ANNA.password),
        ],
        clean_environment(),
    )
    assert code == 0, shown
    assert "mit @ und dem, was danach kommt" in shown
    assert "Alles in Ordnung." in shown
    assert ANNA.password not in shown
    assert dovecot.attempts(ANNA.address) == before + 2


@pytest.mark.peers
def test_asks_on_which_site_the_mail_is_read_where_the_domain_does_not_say(any_python: str, pyz: Path) -> None:
    code, shown = in_terminal(
        [any_python, str(pyz)],
        [("Your e-mail address: ", COM.address), ("Its number: ", "x"), ("Its number: ", "2"), ("[y/N] ", "")],
        clean_environment(LC_ALL="en_GB.UTF-8"),
    )
    assert code == 0, shown
    assert "  1  www.gmx.com" in shown
    assert "  2  www.gmx.net" in shown
    assert "No password was sent." in shown


def test_refuses_to_read_a_password_that_everybody_could_see(any_python: str, plain_pyz: Path, start: Start) -> None:
    result = start(any_python, plain_pyz, "anna@gmx.de", "--login")
    assert result.returncode == 2
    assert "Terminal" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((), "ADDRESS"),
        (("anna",), "@"),
        (("anna@example.org",), "--provider"),
        (("anna@gmx.de", "--provider", "gmx"), "gmx.net"),
        (("anna@gmx.de", "--locale", "fr"), "--locale"),
        (("anna@gmx.de", "--logn"), "--login"),
        (("anna@gmx.de", "noch@gmx.de"), "ADDRESS"),
    ],
)
def test_a_call_that_is_wrong_ends_with_2_and_says_how_it_goes(
    any_python: str, plain_pyz: Path, start: Start, arguments: tuple[str, ...], word: str
) -> None:
    result = start(any_python, plain_pyz, *arguments)
    assert result.returncode == 2
    assert word in result.stderr
    assert "Traceback" not in result.stderr


def test_helps_in_both_languages(any_python: str, plain_pyz: Path, start: Start) -> None:
    german, english = (start(any_python, plain_pyz, "--help", "--locale", locale) for locale in ("de", "en"))
    assert (german.returncode, english.returncode) == (0, 0)
    for option in ("--login", "--json", "--full", "--locale", "--provider"):
        assert option in german.stdout
        assert option in english.stdout
    assert "Prüft von diesem Computer aus" in german.stdout
    assert "Tests the connection" in english.stdout


@pytest.mark.peers
def test_an_umlaut_that_the_terminal_cannot_take_is_refused_without_a_trace(any_python: str, plain_pyz: Path) -> None:
    code, shown = in_terminal(
        [any_python, str(plain_pyz), "anna@gmx.de", "--login", "--locale", "de"],
        [(PASSWORD_QUESTION, "geheimes-Paßwort")],
        clean_environment(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"),
    )
    assert code == 2
    assert "Traceback" not in shown
    assert "geheimes" not in shown


@pytest.mark.peers
def test_a_terminal_that_knows_only_ascii_is_no_reason_to_fail(any_python: str, pyz: Path) -> None:
    environment = clean_environment(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii")
    result = subprocess.run(
        [any_python, str(pyz), ANNA.address, "--locale", "de"], capture_output=True, env=environment
    )
    assert result.returncode == 0, result.stderr
    assert b"Alles in Ordnung." in result.stdout
    assert result.stdout.isascii()


@pytest.mark.peers
def test_whoever_reads_only_the_beginning_gets_no_trace(any_python: str, pyz: Path) -> None:
    call = ["sh", "-c", f'"{any_python}" "{pyz}" {ANNA.address} --json | head -c 1']
    result = subprocess.run(call, capture_output=True, env=clean_environment(TERM="dumb"))
    assert result.stdout == b"{"
    assert b"Traceback" not in result.stderr


@pytest.mark.peers
def test_a_python_without_authorities_is_a_cause_of_its_own(
    python: str, dovecot: Dovecot, start: Start, tmp_path: Path
) -> None:
    path, empty = tmp_path / "check.pyz", tmp_path / "empty"
    empty.mkdir()
    path.write_bytes(check_file(dovecot.providers_dir).content)
    none = {"SSL_CERT_FILE": str(tmp_path / "none.pem"), "SSL_CERT_DIR": str(empty)}
    report = json.loads(start(python, path, ANNA.address, "--json", **none).stdout)
    assert [diagnosis["id"] for diagnosis in report["diagnoses"]] == ["no-authorities"]
    failed = [stage for stage in report["stages"] if stage["failure"]]
    assert {stage["failure"]["kind"] for stage in failed} == {"certificate_untrusted"}
    assert {stage["detail"]["trust_store"] for stage in failed} == {"empty"}

    other = {"SSL_CERT_FILE": str(dovecot.ca_file), "SSL_CERT_DIR": str(empty)}
    assert start(python, path, ANNA.address, **other).returncode == 0


@pytest.mark.peers
def test_finds_the_other_ports_where_the_usual_ones_are_blocked(
    python: str, dovecot: Dovecot, start: Start, tmp_path: Path
) -> None:
    before = dovecot.attempts(ANNA.address)
    closed = [Server(type_, dovecot.hostname, 1, SocketType.SSL) for type_ in (ServerType.POP3, ServerType.SMTP)]
    open_ = [dovecot.server(type_, SocketType.STARTTLS) for type_ in (ServerType.POP3, ServerType.SMTP)]
    rewrite_providers(tmp_path / "providers", [*closed, *open_])
    path = tmp_path / "check.pyz"
    path.write_bytes(check_file(tmp_path / "providers", dovecot.ca_file).content)
    result = start(python, path, ANNA.address, "--json")
    assert result.returncode == 1
    report = json.loads(result.stdout)
    assert [diagnosis["id"] for diagnosis in report["diagnoses"]] == ["only-port-110", "only-port-587"]
    found = {s["protocol"]: s["detail"] for s in report["stages"] if s["stage"] == "connect"}
    assert found["pop3"]["other_port"] == dovecot.ports["pop3"]
    assert found["smtp"]["other_port_answers"] is True
    assert dovecot.attempts(ANNA.address) == before


SILENT = """
import sys
sys.path.insert(0, sys.argv[1])
from webapp.web.check_file import older
older.prepare()
import socket
from webapp.core import probe
from webapp.core.account import KEEP_FOREVER, MailAccount, Server, ServerType, SocketType
server = socket.create_server(("127.0.0.1", 0))
ways = [Server(t, "127.0.0.1", server.getsockname()[1], SocketType.SSL) for t in (ServerType.POP3, ServerType.SMTP)]
account = MailAccount("anna@gmx.de", "", *ways, KEEP_FOREVER, "gmx.net")
report = probe.run(account, vantage=probe.Vantage.THIS_COMPUTER, bounds=probe.Bounds(run=5, tls=0.3))
print(*(f"{stage.stage} {stage.failure.kind}" for stage in report.failures()))
"""


def test_silence_is_told_as_silence_by_every_python(python: str, plain_pyz: Path) -> None:
    """Until Python 3.10 a socket's time-out was no TimeoutError."""
    result = subprocess.run([python, "-c", SILENT, str(plain_pyz)], capture_output=True, text=True)
    assert result.stdout.split() == ["tls", "timed_out", "tls", "timed_out"], result.stderr


@pytest.mark.parametrize("version", TOO_OLD)
def test_says_so_where_python_is_too_old(version: str, plain_pyz: Path) -> None:
    if version not in interpreters():
        pytest.skip(f"no Python {version} on this machine")
    result = subprocess.run([interpreters()[version], str(plain_pyz)], capture_output=True, text=True)
    assert result.returncode == 2
    assert "Python 3.9" in result.stderr
    assert "Traceback" not in result.stderr
