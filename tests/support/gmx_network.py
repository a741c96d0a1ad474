"""A small GMX inside a network of its own: its host names, one mailbox, and the autoconfig data that the world publishes.

Programs there connect to pop.gmx.net, imap.gmx.net and mail.gmx.net at GMX's own ports and reach our Dovecot, and nothing else.
"""

from __future__ import annotations

import contextlib
import email
import http.server
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from tests.support import dovecot as dovecots
from tests.support import own_network
from tests.support.dovecot import BEISPIEL, Dovecot
from tests.support.own_network import OwnNetwork
from webapp.core.account import Server, ServerType
from webapp.core.providers import Provider, load

AUTOCONFIG = ("live.thunderbird.net", "autoconfig.gmx.de")
MAIL = ("Willkommen", "Ihre Rechnung", "Einladung")
_SERVED = {995: "pop3s", 110: "pop3", 993: "imaps", 143: "imap", 465: "submissions", 587: "submission"}
_HEADER = "From: Bernd Beispiel <bernd@gmx.de>\r\nDate: Mon, 03 Nov 2025 10:00:00 +0100"


@dataclass(frozen=True)
class GmxNetwork:
    network: OwnNetwork
    dovecot: Dovecot
    provider: Provider
    ca_file: Path

    def deliver(self, *subjects: str) -> None:
        for subject in subjects:
            self.dovecot.deliver(BEISPIEL.address, subject, header=_HEADER)

    def subjects(self) -> list[str]:
        """Return the subjects in the mailbox, oldest first."""
        folder = self.dovecot.folder / "mail" / BEISPIEL.address / "Maildir"
        while True:
            # Dovecot renames a file when its flags change; the part before the colon stays.
            files = {file.name.partition(":")[0]: file for part in ("new", "cur") for file in (folder / part).glob("*")}
            try:
                messages = [email.message_from_bytes(files[name].read_bytes()) for name in sorted(files, key=_numbers)]
            except FileNotFoundError:
                continue
            return [str(message["Subject"]) for message in messages]


@contextlib.contextmanager
def start() -> Iterator[GmxNetwork]:
    """Run it, with an empty mailbox of BEISPIEL."""
    gmx = load()["gmx.net"]
    names = [*{server.hostname for server in gmx.servers}, *AUTOCONFIG]
    with dovecots.start(hostnames=names) as dovecot, own_network.start(names) as network:
        ports = dovecot.ports
        network.relay({number: ports[name] for number, name in _SERVED.items()})
        with _autoconfig(network, dovecot.folder, _published(gmx.servers)):
            yield GmxNetwork(network, dovecot, gmx, dovecot.ca_file)


def _numbers(name: str) -> list[int]:
    """Return seconds, microseconds and process of a name in a Maildir (1795896796.M667049P8.host): none is padded."""
    return [int(number) for number in re.findall(r"\d+", name)][:3]


def _published(servers: tuple[Server, ...]) -> bytes:
    """Return a config-v1.1 document with IMAP first, as the published one of GMX."""
    order = (ServerType.IMAP, ServerType.POP3, ServerType.SMTP)
    entries = "".join(
        f'<{tag} type="{escape(server.type)}"><hostname>{server.hostname}</hostname><port>{server.port}</port>'
        f"<socketType>{server.socket_type}</socketType><username>%EMAILADDRESS%</username>"
        f"<authentication>password-cleartext</authentication></{tag}>"
        for server in sorted(servers, key=lambda server: order.index(server.type))
        for tag in ("outgoingServer" if server.type is ServerType.SMTP else "incomingServer",)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><clientConfig version="1.1"><emailProvider id="gmx.net">'
        f"<domain>gmx.de</domain><displayName>GMX</displayName>{entries}</emailProvider></clientConfig>"
    ).encode()


@contextlib.contextmanager
def _autoconfig(network: OwnNetwork, folder: Path, document: bytes) -> Iterator[None]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/autoconfig/v1.1/gmx.de":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002  its base's name
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    listener = context.wrap_socket(network.listen(443), server_side=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a program that distrusts us
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
