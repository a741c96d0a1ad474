"""A real Dovecot on loopback: POP3, IMAP, submission and LMTP into the same mailboxes, on high ports, with its own CA.

Tests use the fixture `dovecot`. Manually: `python -m tests.support.dovecot` starts one, prints the environment variables
for the product, and runs until Ctrl+C.

Dovecot must be started as root (its services change users). It runs in a PID namespace: the kernel kills all its
processes when `unshare` dies, also when the tests are killed.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from tests.support.ports import free_port
from tests.support.providers import rewrite_providers
from tests.support.relay import Relay
from tests.support.waiting import wait_until
from webapp.core.account import KEEP_FOREVER, MailAccount, Server, ServerType, SocketType

HOSTNAME = "localhost"
MAIL_UID = 8  # user mail, the same number on every Debian
START_SECONDS = 100


@dataclass(frozen=True)
class User:
    address: str
    password: str = field(repr=False)
    can_log_in: bool = True


ANNA = User("anna@gmx.de", "test-password-anna")
UMLAUT = User("umlaut@gmx.de", "Prüf-Größe-äöü-test")
BLANKS = User("blanks@gmx.de", " test password with blanks ")
POP_OFF = User("pop-aus@gmx.de", "test-password-pop-off", can_log_in=False)
BEISPIEL = User("anna.beispiel@gmx.de", "test-password-beispiel")  # whom the guides' pictures show
COM = User("john@gmx.com", "test-password-john")
NORA = User("nora", "test-password-nora")  # of a provider whose user name is the part before the @
MANY = tuple(User(f"person{number:02}@gmx.net", f"test-password-{number:02}") for number in range(1, 41))
USERS = (ANNA, UMLAUT, BLANKS, POP_OFF, BEISPIEL, COM, NORA, *MANY)

_unreserved = iter(MANY)


def reserve(number: int) -> tuple[User, ...]:
    """Reserve users for one test module, at import.

    For tests that count logins or messages: modules may share a server.
    """
    reserved = tuple(itertools.islice(_unreserved, number))
    if len(reserved) < number:
        raise RuntimeError("no users are left to reserve: make MANY longer")
    return reserved


# Dovecot's high-performance mode: pre-forked login processes. Without it every connection waits some 10 ms for a new
# process.
_BUSY_LOGIN_PROCESSES = "service_count = 0\n  process_min_avail = 1"
_BUSY_PROCESSES = "service_count = 100\n  process_min_avail = 2"

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
instance_name = {name}
listen = {listen}
protocols = pop3 imap submission lmtp
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = plain
auth_failure_delay = {failure_delay}s
auth_debug = yes
mail_location = maildir:~/Maildir
mail_max_userip_connections = 0
ssl = required
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
hostname = localhost
postmaster_address = postmaster@localhost
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={folder}/mail/%u allow_all_users=yes
}}
service pop3-login {{
  chroot =
  {login_processes}
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service imap-login {{
  chroot =
  {login_processes}
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service submission-login {{
  chroot =
  {login_processes}
  inet_listener submission {{
    port = {submission}
  }}
  inet_listener submissions {{
    port = {submissions}
    ssl = yes
  }}
}}
service pop3 {{
  {processes}
}}
service submission {{
  {processes}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
  # No waiting time that grows with every refused login from one address.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass
class Dovecot:
    """A running Dovecot; from the fixture or `start`."""

    folder: Path
    ports: dict[str, int]  # pop3 pop3s imap imaps submission submissions lmtp relay
    ca_file: Path
    providers_dir: Path
    users: tuple[User, ...] = USERS
    hostname: str = HOSTNAME
    _markers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @property
    def log(self) -> str:
        """The log so far. Debug lines contain submission's AUTH PLAIN in clear."""
        return (self.folder / "dovecot.log").read_text(encoding="utf-8", errors="replace")

    @property
    def environment(self) -> dict[str, str]:
        """The product's environment variables for this server."""
        return {"WEBAPP_PROVIDERS_DIR": str(self.providers_dir), "WEBAPP_TLS_CA_FILE": str(self.ca_file)}

    def server(self, type: ServerType, socket_type: SocketType = SocketType.SSL) -> Server:  # noqa: A002
        names = {
            (ServerType.POP3, SocketType.SSL): "pop3s",
            (ServerType.POP3, SocketType.STARTTLS): "pop3",
            (ServerType.IMAP, SocketType.SSL): "imaps",
            (ServerType.IMAP, SocketType.STARTTLS): "imap",
            (ServerType.SMTP, SocketType.SSL): "submissions",
            (ServerType.SMTP, SocketType.STARTTLS): "submission",
        }
        return Server(type, self.hostname, self.ports[names[type, socket_type]], socket_type)

    def account(self, address: str = ANNA.address, socket_type: SocketType = SocketType.SSL) -> MailAccount:
        incoming, outgoing = (self.server(type_, socket_type) for type_ in (ServerType.POP3, ServerType.SMTP))
        return MailAccount(address, "", incoming, outgoing, KEEP_FOREVER, "gmx.net")

    def attempts(self, address: str, service: str | None = None) -> int:
        """Return the number of logins as `address`, accepted or not. service: "pop3", "imap" or "submission"."""
        self._write_out_the_log()
        log = self.log
        sessions = re.findall(rf"passwd-file\({re.escape(address)},[^,]*,<(\S+)>\): Performing passdb lookup", log)
        if service is None:
            return len(sessions)
        services = {
            session: name for name, session in re.findall(r"client in: AUTH\t.*?\bservice=(\S+)\t.*?session=(\S+)", log)
        }
        return sum(services[session] == service for session in sessions)

    def deliver(self, address: str, subject: str = "Test", size: int = 0, header: str = "") -> None:
        """Deliver a message to `address` by LMTP (RFC 2033). header: lines in place of our “From”."""
        first = header or "From: <test@localhost>"
        text = f"{first}\r\nTo: <{address}>\r\nSubject: {subject}\r\n\r\n" + "x" * size + "\r\n"
        with smtplib.LMTP("127.0.0.1", self.ports["lmtp"]) as lmtp:
            lmtp.sendmail("test@localhost", [address], text)

    def _write_out_the_log(self) -> None:
        """Wait until every login so far is in the log.

        The auth process writes log lines in order: once our marker has arrived, so has everything before it.
        """
        marker = f"marker-{os.getpid()}-{next(self._markers)}@test.invalid"
        context = ssl.create_default_context(cafile=self.ca_file)
        with (
            socket.create_connection(("127.0.0.1", self.ports["pop3s"])) as plain,
            context.wrap_socket(plain, server_hostname=self.hostname) as session,
        ):
            session.sendall(f"USER {marker}\r\nPASS marker\r\n".encode())  # without waiting for the refusal
            wait_until(lambda: f"passwd-file({marker}," in self.log, START_SECONDS, "marker in the log")


@contextlib.contextmanager
def start(
    failure_delay: int = 0, far: tuple[str, str] | None = None, busy: bool = False, hostnames: Sequence[str] = ()
) -> Iterator[Dovecot]:
    """Run a Dovecot. failure_delay: seconds before a refused login is answered (Dovecot's default is 2).

    far: another address to listen on, used by clients. busy: high-performance mode. hostnames: more hosts that its
    certificate is for.
    """
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    try:
        folder.chmod(0o755)  # its services run as other users
        names = ("pop3", "pop3s", "imap", "imaps", "submission", "submissions", "lmtp", "relay")
        ports = {name: free_port() for name in names}
        _write_configuration(folder, ports, failure_delay, far, busy, hostnames)
        dovecot = Dovecot(folder, ports, folder / "ca.pem", folder / "providers")
        rewrite_providers(
            dovecot.providers_dir,
            [dovecot.server(type_, socket) for type_ in (ServerType.POP3, ServerType.SMTP) for socket in SocketType],
        )
        relay = Relay(ports["relay"], ports["lmtp"])
        try:
            with _process(folder):
                wait_until(lambda: all(_accepts(ports[name]) for name in names), START_SECONDS, lambda: _said(folder))
                yield dovecot
        finally:
            relay.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def missing() -> str | None:
    """Return why Dovecot cannot run here, or None."""
    services = ("pop3", "imap", "submission", "lmtp")
    if shutil.which("dovecot") is None or not all(Path("/usr/lib/dovecot", name).exists() for name in services):
        return (
            "Dovecot (dovecot-core, dovecot-pop3d, dovecot-imapd, dovecot-submissiond, dovecot-lmtpd) is not installed"
        )
    if shutil.which("unshare") is None:
        return "unshare (util-linux) is not installed"
    if os.geteuid() != 0:
        return "a real Dovecot can only be started by root"
    return None


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A running Dovecot; skips where there is none, fails there when CI=true."""
    if reason := missing():
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with start() as server:
        yield server


def _write_configuration(
    folder: Path,
    ports: dict[str, int],
    failure_delay: int,
    far: tuple[str, str] | None,
    busy: bool,
    hostnames: Sequence[str],
) -> None:
    ca = trustme.CA()
    certificate = ca.issue_cert(
        HOSTNAME, "127.0.0.1", *(far or ()), *hostnames, common_name=HOSTNAME
    )  # fetchmail 6 requires a common name
    ca.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "certificate.pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    lines = (f"{user.address}:{user.password if user.can_log_in else os.urandom(16).hex()}\n" for user in USERS)
    (folder / "users").write_text("".join(lines), encoding="utf-8")
    (folder / "mail").mkdir()
    os.chown(folder / "mail", MAIL_UID, MAIL_UID)
    (folder / "dovecot.conf").write_text(
        _CONFIGURATION.format(
            folder=folder,
            name=folder.name,
            failure_delay=failure_delay,
            uid=MAIL_UID,
            login_processes=_BUSY_LOGIN_PROCESSES if busy else "",
            processes=_BUSY_PROCESSES if busy else "",
            listen=f"127.0.0.1, {far[0]}" if far else "127.0.0.1",
            **ports,
        ),
        encoding="utf-8",
    )


@contextlib.contextmanager
def _process(folder: Path) -> Iterator[None]:
    """Run Dovecot in a PID namespace of its own; killing `unshare` ends everything in it."""
    command = f"dovecot -F -c {folder}/dovecot.conf & wait"
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            ["unshare", "-p", "-f", "--kill-child=KILL", "--mount-proc", "sh", "-c", command],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _accepts(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def _said(folder: Path) -> str:
    files = (folder / "output", folder / "dovecot.log")
    return "\n".join(["Dovecot's ports", *(file.read_text()[-2000:] for file in files if file.exists())])


def main() -> int:
    """Run a Dovecot until Ctrl+C."""
    out = sys.stdout.write
    if reason := missing():
        out(f"{reason}.\n")
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with start() as dovecot, contextlib.suppress(KeyboardInterrupt):
        out("Dovecot runs. Lead the product to it:\n\n")
        for name, value in dovecot.environment.items():
            out(f"export {name}={value}\n")
        out("\nTest users:\n\n")
        for user in dovecot.users:
            remark = "" if user.can_log_in else "   (POP3 is off: every login is refused)"
            out(f"  {user.address:20} {user.password!r}{remark}\n")
        out("\nCtrl+C ends it.\n")
        sys.stdout.flush()
        signal.pause()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
