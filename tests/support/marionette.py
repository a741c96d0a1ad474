"""A small client of Marionette, the remote control built into Thunderbird and Firefox.

Wire format (remote/marionette in mozilla-central): every packet is its length in decimal, a colon, JSON. A command is
`[0, id, name, parameters]`, its answer `[1, id, error, value]`. Only what the tests need: privileged scripts, and quitting.
"""

from __future__ import annotations

import base64
import itertools
import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.own_network import OwnNetwork
from tests.support.waiting import wait_until

SCRIPT_SECONDS = 120  # generous, for busy machines
REPLY_SECONDS = 2 * SCRIPT_SECONDS  # a program that starts takes longer than any script
LENGTH_DIGITS_MAX = 9


class ScriptError(Exception):
    """An exception of a script, with its stack."""


class Marionette:
    """A session with the program on a local `port`. Every wait has a time-out."""

    def __init__(self, port: int, network: OwnNetwork | None = None) -> None:
        connect = network.connect if network else _connect
        self._socket = connect(port, REPLY_SECONDS)
        self._reader = self._socket.makefile("rb")
        self._ids = itertools.count(1)
        try:
            self._receive()  # the greeting
            timeouts = {"script": SCRIPT_SECONDS * 1000}
            self._command("WebDriver:NewSession", timeouts=timeouts)
            self._command("Marionette:SetContext", value="chrome")
        except BaseException:
            self.close()
            raise

    def script(self, text: str, *arguments: Any) -> Any:
        """Run `text` as the body of an async function in the main window; return what it returns.

        `args` holds the `arguments`. Raises ScriptError for what it throws.
        """
        body = f"return (async (...args) => {{\n{text}\n}})(...arguments);"
        answer = self._command(
            "WebDriver:ExecuteScript", script=body, args=list(arguments), sandbox="system", newSandbox=False
        )
        return answer["value"]

    def picture(self) -> bytes:
        """Return what the main window shows, as PNG."""
        answer = self._command("WebDriver:TakeScreenshot", full=False, hash=False)
        return base64.b64decode(answer["value"])

    def quit(self) -> None:
        """Quit like the menu, after writing the profile."""
        self._command("Marionette:Quit", flags=["eAttemptQuit"])
        self.close()

    def wait_for_end(self) -> None:
        """Wait until the program has closed the connection."""
        while self._socket.recv(4096):
            pass

    def close(self) -> None:
        self._reader.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _command(self, name: str, **parameters: Any) -> Any:
        number = next(self._ids)
        packet = json.dumps([0, number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(packet), packet))
        kind, answered, error, value = self._receive()
        if (kind, answered) != (1, number):
            raise ScriptError(f"an answer to another command than {name}")
        if error:
            raise ScriptError(f"{error['error']}: {error['message']}\n{error['stacktrace']}")
        return value

    def _receive(self) -> Any:
        digits = b""
        while (byte := self._reader.read(1)) != b":":
            digits += byte
            if not byte.isdigit() or len(digits) > LENGTH_DIGITS_MAX:
                raise ConnectionError(f"not a packet of Marionette: {digits!r}")
        return json.loads(self._reader.read(int(digits)))


def _connect(port: int, seconds: float) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), seconds)


def wait_for_port(profile: Path, seconds: float) -> int:
    """Return the port opened by the program with this profile; raises TimeoutError."""
    file = profile / "MarionetteActivePort"
    return int(wait_until(lambda: file.exists() and file.read_text(), seconds, "Thunderbird's remote control"))
