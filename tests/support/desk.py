"""A Linux home folder, set up with the commands in the exported file.

The test adds only trust in its CA: for fetchmail by SSL_CERT_FILE, for mpop and msmtp by --tls-trust-file, for getmail in
the line with the system's certificates. Not as root: getmail delivers no mail to root, fetchmail behaves differently.
"""

from __future__ import annotations

import email
import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

from webapp.core.account import MailAccount
from webapp.core.clients import CLIENTS, ExportOptions

SECONDS = 60  # generous, for busy machines
SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
KEYRING = """#!/bin/sh
# secret-tool without a desktop: knows one password, under the attributes it was stored with
if [ "$1" = lookup ]; then shift; [ "$*" = "$(cat ~/.keyring-attributes)" ] && cat ~/.keyring && exit 0; exit 1; fi
shift 2; printf %s "$*" > ~/.keyring-attributes; cat > ~/.keyring
"""


@dataclass
class Ran:
    """The exit code and combined output of a command."""

    code: int
    output: str


class Desk:
    """`client`'s file for `account`, installed in a home folder as its comments say.

    ca_file: the certificates to trust; None for the system's. Call `clear` at the end.
    """

    def __init__(self, client: str, account: MailAccount, ca_file: Path | None) -> None:
        self.client = client
        self.home = Path(tempfile.mkdtemp(prefix="desk-"))  # not pytest's folder, which is mode 0700
        self.home.chmod(0o755)
        self.ca_file = Path(shutil.copy(ca_file, self.home / "ca.pem")) if ca_file else None
        made = CLIENTS[client].export(account, ExportOptions(locale="en"))
        self.content = made.content.decode()
        self.commands = re.findall(r"^#     (.+)$", self.content, re.MULTILINE)
        self.command = self._trusting(self.commands[-2] if client == "msmtp" else self.commands[2])
        (self.home / "Downloads").mkdir()
        (self.home / "Downloads" / made.file_name).write_bytes(made.content)
        self._belongs_to_the_person()
        setup = self.commands[:1] if client == "msmtp" else self.commands[:2]
        self.file = self.home / shlex.split(setup[0])[-1].removeprefix("~/")
        for command in setup:
            assert self.run(command).code == 0, command
        if client == "getmail" and self.ca_file:
            self.change_file(SYSTEM_CERTIFICATES, str(self.ca_file))

    def clear(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def person(self) -> dict[str, Any]:
        """Arguments for subprocess: user and group."""
        return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}

    def _belongs_to_the_person(self) -> None:
        if self.person:
            for path in (self.home, *self.home.rglob("*")):
                shutil.chown(path, self.person["user"], self.person["group"])

    @property
    def environment(self) -> dict[str, str]:
        found = {"HOME": str(self.home), "PATH": f"{self.home}/bin:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        return found | ({"SSL_CERT_FILE": str(self.ca_file)} if self.client == "fetchmail" and self.ca_file else {})

    def _trusting(self, command: str) -> str:
        if self.client in ("fetchmail", "getmail") or not self.ca_file:
            return command
        return re.sub(rf"\b{self.client}\b", f"{self.client} --tls-trust-file={self.ca_file}", command, count=1)

    def change_file(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert text.count(old) == 1, old
        self.file.write_text(text.replace(old, new))

    def keep_password(self, password: str) -> None:
        """Store the password as the file says."""
        if self.client == "fetchmail":
            line, chmod = self.commands[3:]
            quoted = password if not re.search(r"\s", password) else f'"{password}"'
            (self.home / ".netrc").write_text(line.replace("…", quoted) + "\n")
            self._belongs_to_the_person()
            assert self.run(chmod).code == 0
            return
        tool = self.home / "bin" / "secret-tool"
        tool.parent.mkdir()
        tool.write_text(KEYRING)
        tool.chmod(0o755)
        self._belongs_to_the_person()
        stored = subprocess.run(
            ["sh", "-c", self.commands[-1]],
            env=self.environment, input=f"{password}\n", text=True, timeout=SECONDS, **self.person,
        )  # fmt: skip
        assert stored.returncode == 0
        name = "password_command" if self.client == "getmail" else "passwordeval"
        self.change_file(f"# {name}", name)

    def run(self, command: str | None = None) -> Ran:
        """Run without a terminal, as a timer does."""
        done = subprocess.run(
            ["sh", "-c", command or self.command],
            env=self.environment, cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=SECONDS, **self.person,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout)

    def run_in_terminal(self, password: str) -> Ran:
        """Run in a terminal and type `password` when asked."""
        master, slave = pty.openpty()
        if self.person:
            shutil.chown(os.ttyname(slave), self.person["user"])
        process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", "sh", "-c", self.command],
            env=self.environment, cwd=self.home, stdin=slave, stdout=slave, stderr=slave, **self.person,
        )  # fmt: skip
        os.close(slave)
        output, typed, end = b"", False, time.monotonic() + SECONDS
        try:
            with suppress(OSError):  # EIO: the terminal is closed
                while time.monotonic() < end:
                    if select.select([master], [], [], 0.2)[0]:
                        output += os.read(master, 4096)
                    if not typed and b"assword" in output:
                        os.write(master, password.encode() + b"\n")
                        typed = True
            return Ran(process.wait(SECONDS), output.decode(errors="replace"))
        finally:
            process.kill()
            os.close(master)

    def fetched(self) -> list[Message]:
        """Return the new messages by subject."""
        (folder,) = (self.home / "Mail").iterdir()
        files = (folder / "new").iterdir()
        found = [email.message_from_bytes(file.read_bytes(), policy=default) for file in files]
        return sorted(found, key=lambda message: str(message["Subject"]))

    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.fetched()]
