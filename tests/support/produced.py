"""What real programs show when they meet the servers of tests/dialogues: tests ask them, docs/faults.md lists it.

Not every fault can be read from a message: fetchmail and curl wait for an IMAP server's POP3 greeting until they give up, and
say no more than that; curl keeps a server's words to itself. produced.toml has the cause that the help finds for what a
program printed, where it is not the one that our own check finds, and – where the program shows nothing: it never asks what
the fault answers, it takes what our check refuses, or it goes on.

Another cause may be found first only where nobody could know better (`Told`): every line is printed at another fault too,
and that fault's cause is found; or the settings may be wrong, of which our check knows that its own are right. Then our
check's cause is among those that are shown.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.fault_server import Dialogue, read, read_all
from tests.support.programs import PROGRAMS, Met
from webapp.core.diagnosis.messages import CAUSES_SHOWN, Found, causes, search

NOTHING = "–"
TRIES = 6
# Faults that programs tell at once and in their own words: `make test` meets these, `make proofs` all.
QUICK = (
    "pop3-certificate-expired", "pop3-certificate-self-signed", "pop3-certificate-untrusted", "pop3-refused",
    "pop3-tls-refused", "smtp-certificate-expired", "smtp-certificate-wrong-host", "smtp-refused", "smtp-mail-full",
    "pop3-auth-code-in-use", "smtp-tls-plain-text",
)  # fmt: skip
# Causes that lie in a person's settings; our check takes its own from the data of the provider.
OF_SETTINGS = frozenset(("encryption-mismatch", "sending-login-off", "mail-exchanger-as-server"))
# Told by our check alone: no message of a program proves it, and it must not alarm for nothing.
OURS_ALONE = "connection-tampered"
_DIFFERS = (
    (r"\S*desk-\S+", "…"),
    (r"\b(?:localhost|127\.0\.0\.1)(?::\d+)?", "…"),
    (r"\bport \d+", "port …"),
    (r"\b\d+ (milliseconds|ms|seconds)\b", r"… \1"),
)
# What Thunderbird was shown, by dialogue.
THUNDERBIRD = (
    "pop3-auth-closed", "pop3-auth-code-auth", "pop3-auth-code-in-use", "pop3-auth-code-login-delay",
    "pop3-auth-code-sys-perm", "pop3-auth-code-sys-temp", "pop3-auth-code-without-blank", "pop3-auth-code-x-new",
    "pop3-auth-echo", "pop3-auth-markup", "pop3-auth-no-mechanism", "pop3-auth-nonsense", "pop3-auth-plain-refused",
    "pop3-auth-user-refused", "pop3-stat-refused", "pop3-tls-closed",
    "smtp-certificate-chain-incomplete",
    "pop3-auth-one-text", "pop3-greeting-permanent", "pop3-greeting-refused",
    "pop3-greeting-temporary", "pop3-refused", "pop3-stls-missing", "pop3-tls-plain-text", "smtp-auth-535",
    "smtp-auth-535-enhanced", "smtp-certificate-expired", "smtp-certificate-not-yet-valid", "smtp-certificate-self-signed",
    "smtp-certificate-untrusted", "smtp-certificate-wrong-host", "smtp-greeting-421", "smtp-greeting-block-listed",
    "smtp-mail-full", "smtp-mail-rate", "smtp-mail-refused", "smtp-rcpt-550", "smtp-rcpt-sender", "smtp-refused",
    "smtp-starttls-missing",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What the help finds first for what a program shows. like, talking, checked: as in produced.toml."""

    found: str
    like: str = ""
    talking: bool = False
    checked: bool = False


def _read() -> dict[str, dict[str, Told]]:
    table = tomllib.loads((Path(__file__).parent / "produced.toml").read_text("utf-8"))
    return {
        program: {
            fault: Told(NOTHING) if told == NOTHING else Told(**told)  # pairs of a name and what is told
            for fault, told in named.items()
        }
        for program, named in table.items()
    }


OTHERWISE: Mapping[str, Mapping[str, Told]] = _read()


def faults() -> list[Dialogue]:
    """Return the dialogues that have a cause."""
    return [dialogue for dialogue in read_all() if dialogue.fact("diagnosis")]


def met_by(dialogue: Dialogue) -> tuple[str, ...]:
    """Return the programs of its protocol."""
    return PROGRAMS[dialogue.fact("protocol")]


def expected(program: str, dialogue: Dialogue) -> Told:
    """Return what the help finds first for what `program` shows; `NOTHING` where that is nothing."""
    if program == "thunderbird" and dialogue.name not in THUNDERBIRD:
        return Told(NOTHING)
    return OTHERWISE[program].get(dialogue.name, Told(dialogue.fact("diagnosis")))


def sharing(program: str, like: str) -> set[str]:
    """Return the causes of the faults at which `program` prints the lines of `like`."""
    shared = {name for name, told in OTHERWISE[program].items() if told.like == like}
    return {read(name).fact("diagnosis") for name in (*shared, like)}


def found(program: str, met: Met) -> tuple[Found, ...]:
    """Return what the help finds for what was printed; nothing where nothing is shown."""
    if not met.reached or met.code == 0 or not met.output.strip():
        return ()
    return search(met.output, program)


def shown(results: tuple[Found, ...]) -> tuple[str, ...]:
    """Return the causes that the help shows."""
    return causes(results)[:CAUSES_SHOWN]


def lines(printed: str) -> set[str]:
    """Return the lines of `printed` without what differs from run to run."""
    for pattern, same in _DIFFERS:
        printed = re.sub(pattern, same, printed)
    return {line.strip() for line in printed.splitlines() if line.strip()}


def printed_too(printed: str, again: Callable[[], str]) -> bool:
    """Whether all lines of `printed` are what another fault gives; where a connection is reset, which line comes is chance."""
    return any(lines(printed) <= lines(again()) for _ in range(TRIES))


def judge(told: Told, ours: str, results: tuple[Found, ...]) -> None:
    """Fail where `results` is not what the table says, or says more than it may."""
    causes_ = shown(results)
    assert (causes_[0] if causes_ else NOTHING) == told.found
    if told.found in (NOTHING, ours) or ours == OURS_ALONE:
        return
    assert told.like or told.found in OF_SETTINGS, "another cause is found first, and nothing says why"
    assert not results[0].certain, "several faults have this text"
    assert told.talking or told.checked or ours in causes_, "our check's cause is not shown"
