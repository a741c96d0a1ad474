"""POP3 (RFC 1939) with CAPA and response codes (RFC 2449, RFC 3206), STLS (RFC 2595) and AUTH PLAIN (RFC 5034)."""

from __future__ import annotations

import re

from webapp.core.account import Server, SocketType
from webapp.core.probe.connection import Connection, Failed
from webapp.core.probe.context import RunContext
from webapp.core.probe.conversation import INITIAL_RESPONSE_MAX, NOTHING, SKIP, Conversation, Found, as_stage
from webapp.core.probe.dialogue import Lines, Pop3Dialogue, Pop3Reply, plain_response
from webapp.core.probe.report import FailureKind, Mailbox, Protocol
from webapp.core.text import N_

_STAT = re.compile(rb"(\d{1,10}) (\d{1,15})(?:\s|$)")
_CODES = {
    "AUTH": FailureKind.AUTHENTICATION_FAILED,
    "SYS/TEMP": FailureKind.TEMPORARILY_UNAVAILABLE,
    "SYS/PERM": FailureKind.PERMANENTLY_REFUSED,
    "IN-USE": FailureKind.MAILBOX_IN_USE,
    "LOGIN-DELAY": FailureKind.LOGIN_DELAY,
}


class Pop3(Conversation[Pop3Reply]):
    protocol = Protocol.POP3

    def __init__(self, server: Server, context: RunContext) -> None:
        self._pop3 = Pop3Dialogue(context.bounds)
        super().__init__(server, context, self._pop3)
        self._capabilities: dict[str, str] | None = None  # None: CAPA is not supported

    def run(self) -> None:
        super().run()
        self.context.pop3_login.set(False)  # SMTP must not wait where the login was not reached

    def _ask(self, line: bytes, lines: Lines | None = None) -> Pop3Reply:
        self._pop3.expect(lines)
        self.connection.send(line)
        return self._next()

    @as_stage(N_("Greeting"))
    def _greeting(self) -> Found:
        """RFC 1939 section 4."""
        self._pop3.expect()
        reply = self._next()
        self._must(reply, otherwise=FailureKind.TEMPORARILY_UNAVAILABLE)
        return Found(self._redacted({"text": reply.text.decode("utf-8", "replace")}))

    @as_stage(N_("Ask what the server can do"), "CAPA")
    def _capa(self) -> Found:
        """RFC 2449 section 5; optional."""
        self._learn_capabilities()
        names = sorted(self._capabilities or ())
        return Found(self._redacted({"capabilities": names}), warning=self._capabilities is None)

    @property
    def _capa_lines(self) -> Lines:
        bounds = self.context.bounds
        return Lines(bounds.reply_lines, bounds.line_octets * bounds.reply_lines)

    def _learn_capabilities(self) -> None:
        reply = self._ask(self._command("CAPA"), self._capa_lines)
        self._capabilities = None
        if reply.ok:
            words = [line.decode("ascii", "replace").upper().partition(" ") for line in reply.lines]
            self._capabilities = {name: rest for name, _, rest in words if name}

    @as_stage(N_("Switch encryption on"), "STLS", conditional=True)
    def _stls(self) -> Found | None:
        """RFC 2595 section 4; CAPA is repeated after the handshake."""
        if self.server.socket_type is SocketType.SSL:
            return SKIP
        if "STLS" not in (self._capabilities or {}):
            raise Failed(FailureKind.STARTTLS_MISSING)
        self._must(self._ask(self._command("STLS")), otherwise=FailureKind.STARTTLS_MISSING)
        found = self._shake_hands_after_plain_text()
        self._learn_capabilities()
        return found

    @as_stage(N_("Log in"), "AUTH", "USER", "PASS", needs_login=True)
    def _authenticate(self) -> Found | None:
        """One login: AUTH PLAIN where offered, else USER and PASS; never one after the other."""
        password = self._password
        capabilities = self._capabilities
        if capabilities is not None and "PLAIN" in capabilities.get("SASL", "").split():
            mechanism, reply = "PLAIN", self._auth_plain(password.reveal())
        elif capabilities is None or "USER" in capabilities or "SASL" not in capabilities:
            mechanism, reply = "USER", self._user_pass(password.reveal())
        else:
            raise Failed(FailureKind.CAPABILITY_MISSING)
        self._awaiting_login = False
        self._must(reply, otherwise=FailureKind.AUTHENTICATION_FAILED)
        self.context.pop3_login.set(True)
        return Found({"mechanism": mechanism})

    def _auth_plain(self, password: str) -> Pop3Reply:
        response = plain_response(self.context.user, password)
        line = self._command("AUTH", "PLAIN", response)
        if len(line) > INITIAL_RESPONSE_MAX:
            reply = self._ask(self._command("AUTH", "PLAIN"))
            if reply.status != "+":
                return reply
            line = response.encode("ascii") + b"\r\n"
        self._password_leaves()
        return self._ask(line)

    def _user_pass(self, password: str) -> Pop3Reply:
        user, secret = self._command("USER", self.context.user), self._command("PASS", password)
        if self._pipelining:
            self._pop3.expect()
            self._pop3.expect()
            self._password_leaves()
            self.connection.send(user + secret)
            named, answer = self._next(), self._next()
            return answer if named.ok else named
        named = self._ask(user)
        if not named.ok:
            return named
        self._password_leaves()
        return self._ask(secret)

    def _password_leaves(self) -> None:
        self.context.recorder.password_sent()
        self._awaiting_login = True

    @property
    def _pipelining(self) -> bool:
        """RFC 2449 section 6.6."""
        return "PIPELINING" in (self._capabilities or {})

    @as_stage(N_("Count the messages"), "STAT", needs_login=True)
    def _stat(self) -> Found | None:
        """RFC 1939 section 5: number of messages and octets."""
        if self._pipelining:
            self._pop3.expect()
            self.connection.send(self._command("STAT") + self._command("UIDL") + self._command("QUIT"))
            reply = self._next()
            self._may_quit = False  # QUIT was pipelined
        else:
            reply = self._ask(self._command("STAT"))
        mailbox = self._counted(reply)
        self.context.recorder.mailbox(mailbox)
        return Found({"messages": mailbox.messages, "octets": mailbox.octets})

    def _counted(self, reply: Pop3Reply) -> Mailbox:
        self._must(reply, otherwise=FailureKind.PROTOCOL_ERROR)
        match = _STAT.match(reply.text)
        if match is None:
            raise Failed(FailureKind.PROTOCOL_ERROR, reply.text)
        return Mailbox(int(match[1]), int(match[2]))

    @as_stage(N_("List the messages"), "UIDL", needs_login=True)
    def _uidl(self) -> Found | None:
        """RFC 1939 section 7; without UIDL no program can leave mail on the server."""
        bounds = self.context.bounds
        lines = Lines(bounds.uidl_lines, bounds.uidl_octets, only_counted=True)
        if self._pipelining:
            self._pop3.expect(lines)
            reply = self._next()
        else:
            reply = self._ask(self._command("UIDL"), lines)
        if not reply.ok:
            return Found({"supported": False}, warning=True)
        return Found({"count": reply.count}, warning=reply.cut_short)

    @as_stage(N_("Say goodbye"), "QUIT")
    def _quit(self) -> Found:
        """RFC 1939 section 6. Nothing was marked for deletion, so the reply does not matter."""
        try:
            if self._pop3.broken:
                return Found({"answered": False}, warning=True)
            if self._pipelining and self.context.password is not None:
                self._pop3.expect()
                self._next()
            else:
                self._ask(self._command("QUIT"))
        except Failed:
            return Found({"answered": False}, warning=True)
        return NOTHING

    def _ask_for_tls(self, connection: Connection) -> None:
        dialogue = Pop3Dialogue(self.context.bounds)
        for line, lines in ((b"", None), (self._command("CAPA"), self._capa_lines), (self._command("STLS"), None)):
            dialogue.expect(lines)
            if line:
                connection.send(line)
            self._must(self._read(connection, dialogue, []), otherwise=FailureKind.STARTTLS_MISSING)

    def _must(self, reply: Pop3Reply, *, otherwise: FailureKind) -> None:
        """Raise Failed unless the reply is +OK; the kind comes from its response code, else `otherwise`."""
        if not reply.ok:
            kind = _CODES.get(reply.code or "", otherwise)
            raise Failed(kind, f"{reply.status} ".encode() + reply.text, reply.code)
