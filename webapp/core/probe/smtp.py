"""Mail submission (RFC 6409): SMTP (RFC 5321) with STARTTLS (RFC 3207) and AUTH PLAIN (RFC 4954)."""

from __future__ import annotations

import re

from webapp.core.account import Server, SocketType
from webapp.core.probe.connection import Connection, Failed
from webapp.core.probe.context import RunContext
from webapp.core.probe.conversation import INITIAL_RESPONSE_MAX, NOTHING, SKIP, Conversation, Found, as_stage
from webapp.core.probe.dialogue import SmtpDialogue, SmtpReply, plain_response
from webapp.core.probe.report import FailureKind, Protocol
from webapp.core.text import N_

_LOGIN_REFUSALS = (530, 534, 535, 538)  # RFC 4954 section 6
_WANTS_ENCRYPTION = (530, 538)  # RFC 3207 section 4, RFC 4954 section 6
_ENCRYPTION = re.compile(rb"starttls|encrypt|\btls\b|\bssl\b", re.IGNORECASE)
_SENDER = re.compile(rb"sender", re.IGNORECASE)
_LATER = re.compile(rb"try again later|failure sending mail", re.IGNORECASE)


class Smtp(Conversation[SmtpReply]):
    protocol = Protocol.SMTP

    def __init__(self, server: Server, context: RunContext) -> None:
        self._smtp = SmtpDialogue(context.bounds)
        super().__init__(server, context, self._smtp)
        self._extensions: dict[str, str] = {}

    def _wait_before(self, name: str) -> None:
        if name == "authenticate" and self._logs_in:
            self._logs_in = self.context.pop3_login.wait(self.context.clock)  # whether POP3 has taken the password

    def _ask(self, line: bytes) -> SmtpReply:
        self._smtp.expect()
        self.connection.send(line)
        return self._next()

    @as_stage(N_("Greeting"))
    def _greeting(self) -> Found:
        """RFC 5321 section 4.3.1."""
        self._smtp.expect()
        reply = self._next()
        self._must(reply)
        return Found(self._redacted({"text": reply.lines[0].decode("utf-8", "replace")}))

    @as_stage(N_("Ask what the server can do"), "EHLO")
    def _ehlo(self) -> Found:
        """RFC 5321 section 4.1.1.1; SIZE (RFC 1870) in octets."""
        self._learn_extensions()
        detail: dict[str, str | int | bool | list[str]] = {"extensions": sorted(self._extensions)}
        if (size := self._extensions.get("SIZE", "")).isdecimal():
            detail["size"] = int(size)
        return Found(self._redacted(detail))

    def _learn_extensions(self) -> None:
        reply = self._ask(self._hello(self.connection))
        self._must(reply)
        words = [line.decode("ascii", "replace").upper().partition(" ") for line in reply.lines[1:]]
        self._extensions = {name: rest for name, _, rest in words if name}

    def _hello(self, connection: Connection) -> bytes:
        """RFC 5321 section 4.1.3: an address literal, for a host without a name."""
        local = connection.local_address
        return self._command("EHLO", f"[IPv6:{local}]" if ":" in local else f"[{local}]")

    @as_stage(N_("Switch encryption on"), "STARTTLS", conditional=True)
    def _starttls(self) -> Found | None:
        """RFC 3207 section 4; EHLO is repeated inside TLS."""
        if self.server.socket_type is SocketType.SSL:
            return SKIP
        if "STARTTLS" not in self._extensions:
            raise Failed(FailureKind.STARTTLS_MISSING)
        reply = self._ask(self._command("STARTTLS"))
        if reply.code != 220:
            raise self._refusal(reply, FailureKind.STARTTLS_MISSING)
        found = self._shake_hands_after_plain_text()
        self._learn_extensions()
        return found

    @as_stage(N_("Log in"), "AUTH", needs_login=True)
    def _authenticate(self) -> Found | None:
        """RFC 4954 section 4. Only after POP3 accepted the password, so that a wrong one is tried once."""
        if "PLAIN" not in self._extensions.get("AUTH", "").split():
            raise Failed(FailureKind.CAPABILITY_MISSING)
        response = plain_response(self.context.user, self._password.reveal())
        line = self._command("AUTH", "PLAIN", response)
        if len(line) > INITIAL_RESPONSE_MAX:
            reply = self._ask(self._command("AUTH", "PLAIN"))
            if reply.code != 334:
                raise self._refusal(reply, FailureKind.PERMANENTLY_REFUSED)
            line = response.encode("ascii") + b"\r\n"
        self._awaiting_login = True
        self.context.recorder.password_sent()
        reply = self._ask(line)
        self._awaiting_login = False
        if reply.code in _WANTS_ENCRYPTION and _ENCRYPTION.search(b" ".join(reply.lines)):
            raise self._refusal(reply, FailureKind.PROTOCOL_ERROR)  # inside TLS: says nothing of the login
        if reply.code in _LOGIN_REFUSALS:
            raise self._refusal(reply, FailureKind.AUTHENTICATION_FAILED)
        if reply.code == 504:  # RFC 4954 section 6: mechanism not supported after all
            raise self._refusal(reply, FailureKind.CAPABILITY_MISSING)
        self._must(reply)
        return Found({"mechanism": "PLAIN"})

    @as_stage(N_("Name the sender"), "MAIL", needs_login=True)
    def _mail(self) -> Found | None:
        """RFC 5321 section 4.1.1.2, from the account's address."""
        self._must(self._ask(self._command("MAIL", f"FROM:<{self.context.address}>")), sender=True)
        return NOTHING

    @as_stage(N_("Name the recipient"), "RCPT", needs_login=True)
    def _rcpt(self) -> Found | None:
        """RFC 5321 section 4.1.1.3, to oneself: here GMX accepts or rejects the sender."""
        self._must(self._ask(self._command("RCPT", f"TO:<{self.context.address}>")), sender=True)
        return NOTHING

    @as_stage(N_("Take both back"), "RSET", needs_login=True)
    def _rset(self) -> Found | None:
        """RFC 5321 section 4.1.1.5: no mail is sent."""
        self._must(self._ask(self._command("RSET")))
        return NOTHING

    @as_stage(N_("Say goodbye"), "QUIT")
    def _quit(self) -> Found:
        """RFC 5321 section 4.1.1.10. The reply does not matter."""
        try:
            self._ask(self._command("QUIT"))
        except Failed:
            return Found({"answered": False}, warning=True)
        return NOTHING

    def _ask_for_tls(self, connection: Connection) -> None:
        dialogue = SmtpDialogue(self.context.bounds)
        for line in (b"", self._hello(connection), self._command("STARTTLS")):
            dialogue.expect()
            if line:
                connection.send(line)
            self._must(self._read(connection, dialogue, []))

    def _must(self, reply: SmtpReply, *, sender: bool = False) -> None:
        """Raise Failed unless the reply is 2xx. sender: whether a rejection may concern the sender."""
        if reply.ok:
            return
        if reply.code < 400:  # asks for more; no command of ours has more to give
            raise self._refusal(reply, FailureKind.PROTOCOL_ERROR)
        if 400 <= reply.code < 500:
            raise self._refusal(reply, FailureKind.TEMPORARILY_UNAVAILABLE)
        text = b" ".join(reply.lines)
        if _LATER.search(text):
            raise self._refusal(reply, FailureKind.TEMPORARILY_UNAVAILABLE)
        if sender and (reply.code == 553 or _SENDER.search(text)):
            raise self._refusal(reply, FailureKind.REJECTED_SENDER)
        raise self._refusal(reply, FailureKind.PERMANENTLY_REFUSED)

    def _refusal(self, reply: SmtpReply, kind: FailureKind) -> Failed:
        """Return the failure with all lines of the reply: the reason is in the last one."""
        if kind is not FailureKind.AUTHENTICATION_FAILED and 400 <= reply.code < 500:
            kind = FailureKind.TEMPORARILY_UNAVAILABLE
        text = str(reply.code).encode() + b" " + b" / ".join(line for line in reply.lines if line)
        return Failed(kind, text, reply.response_code)
