"""Programs for the command line, run for real against the servers of tests/dialogues."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.certificates import Certificates
from tests.support.desk import Desk, Ran
from tests.support.fault_server import Dialogue, read
from tests.support.patient_server import PatientServer
from webapp.core.account import MailAccount, Retention, Server, SocketType

ADDRESS, PASSWORD = "anna@gmx.de", "test-password-anna"
SECONDS, SECONDS_OF_SILENCE = 20, 5  # after which a program is to give up, by its own option
KILLED_AFTER = 90
PROGRAMS = {"pop3": ("fetchmail", "getmail", "mpop", "curl"), "smtp": ("msmtp", "curl")}
TALKING = {"fetchmail": "-v", "curl": "-v"}  # the others quote the server unasked
WITHOUT_STARTTLS = ("getmail",)
FOR_MINUTES = ("fetchmail", "pop3-uidl-endless")  # it asks for each of the many messages
_MAIL = "From: {0}\r\nTo: {0}\r\nSubject: Test\r\n\r\nTest\r\n"
_IMPATIENT: dict[str, Callable[[str, int], str]] = {
    "fetchmail": lambda command, seconds: f"{command} --timeout {seconds}",
    "mpop": lambda command, seconds: re.sub(r"\bmpop\b", f"mpop --timeout={seconds}", command, count=1),
    "msmtp": lambda command, seconds: re.sub(r"\bmsmtp\b", f"msmtp --timeout={seconds}", command, count=1),
}


@dataclass(frozen=True)
class Met:
    """What a program printed, and whether it asked what the fault answers."""

    code: int
    output: str
    reached: bool


def needed(program: str) -> None:
    """Skip where `program` is missing; fail there when CI=true."""
    if shutil.which(program) is None:
        reason = f"{program} is not installed (make system-deps)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def speaks(program: str, fault: str) -> bool:
    """Whether `program` can be set up for the server of this dialogue, and ends."""
    if (program, fault) == FOR_MINUTES:
        return False
    return program not in WITHOUT_STARTTLS or read(fault).fact("transport") != "starttls"


def meet(folder: Path, program: str, fault: str, *, talking: bool = False) -> Met:
    """Run `program` with our own file against the server of a dialogue; curl has none, and is told on its command line.

    talking: with the option that makes it print what the server says.
    """
    certificates = Certificates(folder)
    dialogue = read(fault)
    context = certificates.server_context(dialogue.fact("certificate", "ok"))
    with PatientServer(dialogue, context, ADDRESS, PASSWORD) as server:
        run = _curl if program == "curl" else _with_our_file
        option = TALKING.get(program) if talking else None
        ran = run(program, server.server, certificates.ca_file, folder, _patience(dialogue), option)
        return Met(ran.code, ran.output, server.reached)


def _patience(dialogue: Dialogue) -> int:
    """Return the seconds after which to give up: few where there is nothing to wait for."""
    silent = dialogue.fact("transport") == "silent" or ("!", "hang") in dialogue.steps
    return SECONDS_OF_SILENCE if silent else SECONDS


def _with_our_file(program: str, server: Server, ca_file: Path, folder: Path, seconds: int, option: str | None) -> Ran:
    desk = Desk(program, MailAccount(ADDRESS, "", server, server, Retention(), "gmx.net"), ca_file)
    try:
        desk.keep_password(PASSWORD)
        if program == "getmail":
            desk.change_file(f"username = {ADDRESS}", f"username = {ADDRESS}\ntimeout = {seconds}")
        hurry = _IMPATIENT.get(program)
        command = hurry(desk.command, seconds) if hurry else desk.command
        return desk.run(f"{command} {option}" if option else command)
    finally:
        desk.clear()


def _curl(_: str, server: Server, ca_file: Path, folder: Path, seconds: int, option: str | None) -> Ran:
    protocol = server.type.value
    at_once = server.socket_type is SocketType.SSL
    command = [
        "curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", str(ca_file), "--user", f"{ADDRESS}:{PASSWORD}",
        "--max-time", str(seconds), "--sasl-ir", f"{protocol}{'s' if at_once else ''}://{server.hostname}:{server.port}/",
    ]  # fmt: skip
    command += [option] if option else []
    if protocol == "smtp":
        mail = folder / "mail.txt"
        mail.write_text(_MAIL.format(ADDRESS))
        command += ["--mail-from", ADDRESS, "--mail-rcpt", ADDRESS, "--upload-file", str(mail)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=KILLED_AFTER,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout)
