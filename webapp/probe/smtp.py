"""Mail submission (RFC 6409): SMTP (RFC 5321) with STARTTLS (RFC 3207) and AUTH PLAIN (RFC 4954)."""

from __future__ import annotations

import re
from collections.abc import Callable

from webapp.account import Server, SocketType
from webapp.probe.connection import Connection, Failed
from webapp.probe.conversation import INITIAL_RESPONSE_MAX, NOTHING, SKIP, Conversation, Found, Setting
from webapp.probe.dialogue import SmtpDialogue, SmtpReply, command, plain_response
from webapp.probe.report import FailureKind, Protocol

_LOGIN_REFUSALS = (530, 534, 535, 538)  # RFC 4954 section 6
_SENDER = re.compile(rb"sender", re.IGNORECASE)
_LATER = re.compile(rb"try again later|failure sending mail", re.IGNORECASE)


class Smtp(Conversation[SmtpReply]):
    protocol = Protocol.SMTP

    def __init__(self, server: Server, setting: Setting) -> None:
        self._smtp = SmtpDialogue(setting.limits)
        super().__init__(server, setting, self._smtp)
        self._extensions: dict[str, str] = {}
        self._welcome = False  # POP3 has taken the password
        self._logged_in = False

    def _before(self, name: str) -> None:
        if name == "authenticate" and self.setting.password is not None:
            self._welcome = self.setting.gate.wait(self.setting.clock)

    def stages(self) -> dict[str, Callable[[], Found | None]]:
        return {
            "greeting": self._greeting,
            "ehlo": self._ehlo,
            "starttls": self._starttls,
            "authenticate": self._authenticate,
            "mail": self._mail,
            "rcpt": self._rcpt,
            "rset": self._rset,
            "quit": self._quit,
        }

    def _ask(self, line: bytes) -> SmtpReply:
        self._smtp.expect()
        self.connection.send(line)
        return self._next()

    def _greeting(self) -> Found:
        """RFC 5321 section 4.3.1."""
        self._smtp.expect()
        reply = self._next()
        self._must(reply)
        return Found(self._shown({"text": reply.lines[0].decode("utf-8", "replace")}))

    def _ehlo(self) -> Found:
        """RFC 5321 section 4.1.1.1; SIZE is RFC 1870, in octets."""
        self._learn_extensions()
        detail: dict[str, str | int | bool | list[str]] = {"extensions": sorted(self._extensions)}
        if (size := self._extensions.get("SIZE", "")).isdecimal():
            detail["size"] = int(size)
        return Found(self._shown(detail))

    def _learn_extensions(self) -> None:
        reply = self._ask(_ehlo(self.connection))
        self._must(reply)
        words = [line.decode("ascii", "replace").upper().partition(" ") for line in reply.lines[1:]]
        self._extensions = {name: rest for name, _, rest in words if name}

    def _starttls(self) -> Found | None:
        """RFC 3207 section 4; EHLO is said again inside TLS."""
        if self.server.socket_type is SocketType.SSL:
            return SKIP
        if "STARTTLS" not in self._extensions:
            raise Failed(FailureKind.STARTTLS_MISSING)
        reply = self._ask(command("STARTTLS"))
        if reply.code != 220:
            raise self._refusal(reply, FailureKind.STARTTLS_MISSING)
        found = self._shake_hands_after_plain_text()
        self._learn_extensions()
        return found

    def _authenticate(self) -> Found | None:
        """RFC 4954 section 4. Only after POP3 has taken the password: a wrong one is tried once, not twice."""
        password = self.setting.password
        if password is None or not self._welcome:
            return SKIP
        if "PLAIN" not in self._extensions.get("AUTH", "").split():
            raise Failed(FailureKind.CAPABILITY_MISSING)
        response = plain_response(self.setting.user, password.reveal())
        line = command("AUTH", "PLAIN", response)
        if len(line) > INITIAL_RESPONSE_MAX:
            reply = self._ask(command("AUTH", "PLAIN"))
            if reply.code != 334:
                raise self._refusal(reply, FailureKind.PERMANENTLY_REFUSED)
            line = response.encode("ascii") + b"\r\n"
        self._awaiting_login = True
        self.setting.record.password_sent()
        reply = self._ask(line)
        self._awaiting_login = False
        if reply.code in _LOGIN_REFUSALS:
            raise self._refusal(reply, FailureKind.AUTHENTICATION_FAILED)
        if reply.code == 504:  # RFC 4954 section 6: the mechanism is not known after all
            raise self._refusal(reply, FailureKind.CAPABILITY_MISSING)
        self._must(reply)
        self._logged_in = True
        return Found({"mechanism": "PLAIN"})

    def _mail(self) -> Found | None:
        """RFC 5321 section 4.1.1.2; the sender is the account's own address."""
        if not self._logged_in:
            return SKIP
        self._must(self._ask(command("MAIL", f"FROM:<{self.setting.user}>")), sender=True)
        return NOTHING

    def _rcpt(self) -> Found | None:
        """RFC 5321 section 4.1.1.3, to oneself: here GMX says whether it takes the sender."""
        if not self._logged_in:
            return SKIP
        self._must(self._ask(command("RCPT", f"TO:<{self.setting.user}>")), sender=True)
        return NOTHING

    def _rset(self) -> Found | None:
        """RFC 5321 section 4.1.1.5: no mail follows."""
        if not self._logged_in:
            return SKIP
        self._must(self._ask(command("RSET")))
        return NOTHING

    def _quit(self) -> Found:
        """RFC 5321 section 4.1.1.10. Nothing depends on the answer."""
        try:
            self._ask(command("QUIT"))
        except Failed:
            return Found({"answered": False}, warning=True)
        return NOTHING

    def _ask_for_tls(self, connection: Connection) -> None:
        dialogue = SmtpDialogue(self.setting.limits)
        for line in (b"", _ehlo(connection), command("STARTTLS")):
            dialogue.expect()
            if line:
                connection.send(line)
            self._must(self._read(connection, dialogue, []))

    def _must(self, reply: SmtpReply, *, sender: bool = False) -> None:
        """Raise Failed unless the reply is 2xx. `sender`: a refusal may be about the sender."""
        if reply.ok:
            return
        if 400 <= reply.code < 500:
            raise self._refusal(reply, FailureKind.TEMPORARILY_UNAVAILABLE)
        text = b" ".join(reply.lines)
        if _LATER.search(text):
            raise self._refusal(reply, FailureKind.TEMPORARILY_UNAVAILABLE)
        if sender and (reply.code == 553 or _SENDER.search(text)):
            raise self._refusal(reply, FailureKind.REJECTED_SENDER)
        raise self._refusal(reply, FailureKind.PERMANENTLY_REFUSED)

    def _refusal(self, reply: SmtpReply, kind: FailureKind) -> Failed:
        """Return the failure; the last line of a reply carries the reason, so all lines are kept."""
        if kind is not FailureKind.AUTHENTICATION_FAILED and 400 <= reply.code < 500:
            kind = FailureKind.TEMPORARILY_UNAVAILABLE
        text = str(reply.code).encode() + b" " + b" / ".join(line for line in reply.lines if line)
        return Failed(kind, text, reply.response_code)


def _ehlo(connection: Connection) -> bytes:
    """RFC 5321 section 4.1.3: a computer without a name of its own gives its address."""
    local = connection.local_address
    return command("EHLO", f"[IPv6:{local}]" if ":" in local else f"[{local}]")
