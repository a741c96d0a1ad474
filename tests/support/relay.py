"""The next hop of Dovecot's submission service: SMTP in, LMTP out, on loopback.

Dovecot's submission service needs an SMTP relay; its LMTP service is none.
"""

from __future__ import annotations

import smtplib
import socketserver
import threading
from collections.abc import Callable


class Relay(socketserver.ThreadingTCPServer):
    """Accepts mail for anyone without TLS or login and delivers it by LMTP to `lmtp_port`."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, lmtp_port: int) -> None:
        self.lmtp_port = lmtp_port
        super().__init__(("127.0.0.1", port), _Session)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class _Session(socketserver.StreamRequestHandler):
    server: Relay
    sender: str
    recipients: list[str]

    def handle(self) -> None:
        self.sender, self.recipients = "", []
        self._answer("220 relay ESMTP")
        while line := self.rfile.readline(2048):
            verb, _, rest = line.decode("ascii", "replace").strip().partition(" ")
            answers: dict[str, Callable[[str], str]] = {
                "EHLO": lambda _: (
                    "250-relay\r\n250-8BITMIME\r\n250 SIZE 69920427"
                ),  # Dovecot offers it before login: keep it
                "HELO": lambda _: "250 relay",
                "MAIL": self._mail,
                "RCPT": self._rcpt,
                "DATA": self._data,
                "RSET": lambda _: "250 OK",
                "NOOP": lambda _: "250 OK",
                "QUIT": lambda _: "221 Bye",
            }
            self._answer(answers.get(verb.upper(), lambda _: "502 No such command")(rest))
            if verb.upper() == "QUIT":
                return

    def _mail(self, rest: str) -> str:
        self.sender, self.recipients = _path(rest), []
        return "250 OK"

    def _rcpt(self, rest: str) -> str:
        self.recipients.append(_path(rest))
        return "250 OK"

    def _data(self, _: str) -> str:
        self._answer("354 Go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        try:
            with smtplib.LMTP("127.0.0.1", self.server.lmtp_port) as lmtp:
                lmtp.sendmail(self.sender, self.recipients, b"".join(lines))
        except smtplib.SMTPException:
            return "451 Not delivered"
        return "250 OK"

    def _answer(self, text: str) -> None:
        self.wfile.write(text.encode("ascii") + b"\r\n")


def _path(text: str) -> str:
    return text.partition("<")[2].partition(">")[0]
