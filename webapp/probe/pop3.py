"""POP3 (RFC 1939) with CAPA and response codes (RFC 2449, RFC 3206), STLS (RFC 2595) and AUTH PLAIN (RFC 5034)."""

from __future__ import annotations

import re
from collections.abc import Callable

from webapp.account import Server, SocketType
from webapp.probe.connection import Connection, Failed
from webapp.probe.conversation import INITIAL_RESPONSE_MAX, NOTHING, SKIP, Conversation, Found, Setting
from webapp.probe.dialogue import Lines, Pop3Dialogue, Pop3Reply, command, plain_response
from webapp.probe.report import FailureKind, Mailbox, Protocol

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

    def __init__(self, server: Server, setting: Setting) -> None:
        self._pop3 = Pop3Dialogue(setting.limits)
        super().__init__(server, setting, self._pop3)
        self._capabilities: dict[str, str] | None = None  # None: the server does not know CAPA

    def stages(self) -> dict[str, Callable[[], Found | None]]:
        return {
            "greeting": self._greeting,
            "capa": self._capa,
            "stls": self._stls,
            "authenticate": self._authenticate,
            "stat": self._stat,
            "uidl": self._uidl,
            "quit": self._quit,
        }

    def run(self) -> None:
        super().run()
        self.setting.gate.set(False)  # where the login was never reached, sending must not wait for it

    def _ask(self, line: bytes, lines: Lines | None = None) -> Pop3Reply:
        self._pop3.expect(lines)
        self.connection.send(line)
        return self._next()

    def _greeting(self) -> Found:
        """RFC 1939 section 4."""
        self._pop3.expect()
        reply = self._next()
        self._must(reply, otherwise=FailureKind.TEMPORARILY_UNAVAILABLE)
        return Found(self._shown({"text": reply.text.decode("utf-8", "replace")}))

    def _capa(self) -> Found:
        """RFC 2449 section 5. A server without it is still a server."""
        self._learn_capabilities()
        names = sorted(self._capabilities or ())
        return Found(self._shown({"capabilities": names}), warning=self._capabilities is None)

    @property
    def _capa_lines(self) -> Lines:
        limits = self.setting.limits
        return Lines(limits.reply_lines, limits.line_octets * limits.reply_lines)

    def _learn_capabilities(self) -> None:
        reply = self._ask(command("CAPA"), self._capa_lines)
        self._capabilities = None
        if reply.ok:
            words = [line.decode("ascii", "replace").upper().partition(" ") for line in reply.lines]
            self._capabilities = {name: rest for name, _, rest in words if name}

    def _stls(self) -> Found | None:
        """RFC 2595 section 4; what CAPA said before the handshake is asked again after it."""
        if self.server.socket_type is SocketType.SSL:
            return SKIP
        if "STLS" not in (self._capabilities or {}):
            raise Failed(FailureKind.STARTTLS_MISSING)
        self._must(self._ask(command("STLS")), otherwise=FailureKind.STARTTLS_MISSING)
        found = self._shake_hands_after_plain_text()
        self._learn_capabilities()
        return found

    def _authenticate(self) -> Found | None:
        """One login: AUTH PLAIN where it is offered, else USER and PASS; never the second after the first."""
        password = self.setting.password
        if password is None:
            return SKIP
        capabilities = self._capabilities
        if capabilities is not None and "PLAIN" in capabilities.get("SASL", "").split():
            mechanism, reply = "PLAIN", self._auth_plain(password.reveal())
        elif capabilities is None or "USER" in capabilities or "SASL" not in capabilities:
            mechanism, reply = "USER", self._user_pass(password.reveal())
        else:
            raise Failed(FailureKind.CAPABILITY_MISSING)
        self._awaiting_login = False
        self._must(reply, otherwise=FailureKind.AUTHENTICATION_FAILED)
        self.setting.gate.set(True)
        return Found({"mechanism": mechanism})

    def _auth_plain(self, password: str) -> Pop3Reply:
        response = plain_response(self.setting.user, password)
        line = command("AUTH", "PLAIN", response)
        if len(line) > INITIAL_RESPONSE_MAX:
            reply = self._ask(command("AUTH", "PLAIN"))
            if reply.status != "+":
                return reply
            line = response.encode("ascii") + b"\r\n"
        self._password_leaves()
        return self._ask(line)

    def _user_pass(self, password: str) -> Pop3Reply:
        user, secret = command("USER", self.setting.user), command("PASS", password)
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
        self.setting.record.password_sent()
        self._awaiting_login = True

    @property
    def _pipelining(self) -> bool:
        """RFC 2449 section 6.6."""
        return "PIPELINING" in (self._capabilities or {})

    def _stat(self) -> Found | None:
        """RFC 1939 section 5: how many messages, how many octets."""
        if self.setting.password is None:
            return SKIP
        if self._pipelining:
            self._pop3.expect()
            self.connection.send(command("STAT") + command("UIDL") + command("QUIT"))
            reply = self._next()
            self._polite = False  # QUIT is on its way
        else:
            reply = self._ask(command("STAT"))
        mailbox = self._counted(reply)
        self.setting.record.mailbox(mailbox)
        return Found({"messages": mailbox.messages, "octets": mailbox.octets})

    def _counted(self, reply: Pop3Reply) -> Mailbox:
        self._must(reply, otherwise=FailureKind.PROTOCOL_ERROR)
        match = _STAT.match(reply.text)
        if match is None:
            raise Failed(FailureKind.PROTOCOL_ERROR, reply.text)
        return Mailbox(int(match[1]), int(match[2]))

    def _uidl(self) -> Found | None:
        """RFC 1939 section 7: without it no program can leave mail on the server and know it again."""
        if self.setting.password is None:
            return SKIP
        limits = self.setting.limits
        lines = Lines(limits.uidl_lines, limits.uidl_octets, only_counted=True)
        if self._pipelining:
            self._pop3.expect(lines)
            reply = self._next()
        else:
            reply = self._ask(command("UIDL"), lines)
        if not reply.ok:
            return Found({"supported": False}, warning=True)
        return Found({"count": reply.count}, warning=reply.cut_short)

    def _quit(self) -> Found:
        """RFC 1939 section 6. Nothing was marked for deletion, so nothing depends on the answer."""
        try:
            if self._pop3.broken:
                return Found({"answered": False}, warning=True)
            if self._pipelining and self.setting.password is not None:
                self._pop3.expect()
                self._next()
            else:
                self._ask(command("QUIT"))
        except Failed:
            return Found({"answered": False}, warning=True)
        return NOTHING

    def _ask_for_tls(self, connection: Connection) -> None:
        dialogue = Pop3Dialogue(self.setting.limits)
        for line, lines in ((b"", None), (command("CAPA"), self._capa_lines), (command("STLS"), None)):
            dialogue.expect(lines)
            if line:
                connection.send(line)
            self._must(self._read(connection, dialogue, []), otherwise=FailureKind.STARTTLS_MISSING)

    def _must(self, reply: Pop3Reply, *, otherwise: FailureKind) -> None:
        """Raise Failed unless the reply is +OK; its response code says why, `otherwise` where it has none."""
        if not reply.ok:
            kind = _CODES.get(reply.code or "", otherwise)
            raise Failed(kind, f"{reply.status} ".encode() + reply.text, reply.code)
