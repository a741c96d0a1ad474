"""A scripted server for other people's programs, which ask in another order than our own check.

Where a line is not the one that the dialogue expects next, it goes on where a later one is that line; what stands nowhere in
it is answered as a mailbox without new mail answers. A password is a password, however it is sent: where the dialogue has it
after AUTH PLAIN, it may come in a line of its own or after PASS. `reached`: whether a client came to the end, where the fault is.
"""

from __future__ import annotations

import re
import ssl

from tests.support.fault_server import Dialogue, FaultServer, Session

# In the dialogues stands what our own check says; names and options of others are as good.
_OWN = re.compile(r"^(EHLO) .*")
_NOTHING_NEW = {
    "STAT": "+OK 0 0",
    "LIST": "+OK\r\n.",
    "UIDL": "+OK\r\n.",
    "NOOP": "+OK",
    "RSET": "+OK",
    "LAST": "+OK 0",
}
_GOODBYE = ("RSET", "QUIT")  # getmail says so to whom it does not trust
_BYE = {"pop3": "+OK bye", "smtp": "221 bye"}
_LATER = {"pop3": "-ERR unknown command", "smtp": "500 5.5.2 Command not recognized"}
_NOT_LOGGED_IN = "530 5.7.0 Authentication required"
_GO_ON = {"pop3": "+ ", "smtp": "334 "}


class PatientServer(FaultServer):
    """Replays a dialogue to a program that speaks otherwise than our check."""

    def __init__(self, dialogue: Dialogue, context: ssl.SSLContext, user: str, password: str) -> None:
        super().__init__(dialogue, context, user, password)
        asked = [text for kind, text in dialogue.steps if kind == "C"]
        self._at_the_end = not asked
        self.by_plain = "AUTH PLAIN ****" in asked

    @property
    def reached(self) -> bool:
        """Whether a client came to the end, and stopped there: some take TLS that our check refuses, and go on."""
        if self.dialogue.fact("stage") == "tls":
            return not [line for line in self.seen if line.upper() not in _GOODBYE]
        return self._at_the_end

    def came_to_the_end(self) -> None:
        self._at_the_end = True

    def goes_on(self) -> None:
        """A client took what our check refuses, such as a question in the place of an answer to the password."""
        self._at_the_end = False


class _Patient(Session):
    """The dialogue with one connection, step by step, for a line may skip some."""

    _server: PatientServer

    def play(self) -> None:
        self._asked: list[int] = [n for n, (kind, _) in enumerate(self._server.dialogue.steps) if kind == "C"]
        step = 0
        while step < len(self._server.dialogue.steps):
            kind, text = self._server.dialogue.steps[step]
            step = self._expected(step) if kind == "C" else self._done(step, kind, text)
        while step and self._server.dialogue.steps[-1][0] == "S":
            self._otherwise(self._line(), step)

    def _done(self, step: int, kind: str, text: str) -> int:
        self._step(kind, self.filled(text))
        return step + 1

    def _expected(self, step: int) -> int:
        """Wait for the line of `step` or a later one; return the step after it."""
        while True:
            line = self._with_password(self._line())
            for later in (n for n in self._asked if n >= step):
                if self._is(line, self._server.dialogue.steps[later][1]):
                    if later == self._asked[-1]:
                        self._server.came_to_the_end()
                    return later + 1
            self._otherwise(line, step)

    def _with_password(self, line: str) -> str:
        """Return a line that sends the password as the dialogue has it."""
        if self._server.by_plain and line.upper() == "AUTH PLAIN":
            self._step("S", _GO_ON[self._server.dialogue.fact("protocol")])
            return f"{line} {self._line()}"
        if self._server.by_plain and line[:5].upper() == "PASS ":
            return f"AUTH PLAIN {line[5:]}"
        return line

    def _is(self, line: str, expected: str) -> bool:
        pattern = ".+".join(map(re.escape, _OWN.sub(r"\1 ****", self.filled(expected)).split("****")))
        return re.fullmatch(f"{pattern}(?: .*)?", line, re.IGNORECASE) is not None

    def _otherwise(self, line: str, step: int) -> None:
        protocol, verb = self._server.dialogue.fact("protocol"), line[:4].upper()
        if verb == "USER" and self._server.by_plain:
            self._step("S", "+OK")
            return
        if verb == "MAIL" and self._server.dialogue.fact("stage") == "authenticate":
            self._server.goes_on()
        if verb == "QUIT":
            self._step("S", _BYE[protocol])
            raise EOFError
        if protocol == "pop3" and verb == "CAPA" and (known := self._capabilities(step)):
            self._step("S", known)
        else:
            usual = _NOTHING_NEW if protocol == "pop3" else {"MAIL": _NOT_LOGGED_IN, "RSET": "250 OK", "NOOP": "250 OK"}
            self._step("S", usual.get(verb, _LATER[protocol]))

    def _capabilities(self, step: int) -> str:
        """Return the list that the dialogue gave before `step`."""
        said = [(kind, text) for kind, text in self._server.dialogue.steps[:step] if kind in "SC"]
        if ("C", "CAPA") not in said:
            return ""
        answer = [text for _, text in said[said.index(("C", "CAPA")) + 1 :]]
        return "\r\n".join(answer[: answer.index(".") + 1]) if "." in answer else ""


PatientServer.session = _Patient
