"""What real programs show when they meet the servers of tests/dialogues: tests ask them, docs/faults.md lists it.

Not every fault can be read from a message: fetchmail and curl wait for an IMAP server's POP3 greeting until they give up, and
say no more than that; curl keeps a server's words to itself. produced.toml has the cause that the help finds for what a
program printed, where it is not the one that our own check finds, and – where the program shows nothing: it never asks what
the fault answers, it takes what our check refuses, or it goes on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from tests.support.fault_server import Dialogue, read_all
from tests.support.programs import PROGRAMS, Met
from webapp.core.diagnosis.messages import causes, search

OTHERWISE: Mapping[str, Mapping[str, str]] = tomllib.loads((Path(__file__).parent / "produced.toml").read_text("utf-8"))
NOTHING = "–"
# Faults that programs tell at once and in their own words: `make test` meets these, `make proofs` all.
QUICK = (
    "pop3-certificate-expired", "pop3-certificate-self-signed", "pop3-certificate-untrusted", "pop3-refused",
    "pop3-tls-refused", "smtp-certificate-expired", "smtp-certificate-wrong-host", "smtp-refused", "smtp-mail-full",
)  # fmt: skip
# The cause that the help finds for what Thunderbird shows, by dialogue.
THUNDERBIRD = {
    "pop3-auth-one-text": "login-refused",
    "pop3-greeting-permanent": "gmx-busy",
    "pop3-greeting-refused": "gmx-busy",
    "pop3-greeting-temporary": "gmx-busy",
    "pop3-refused": "port-blocked",
    "pop3-stls-missing": "encryption-mismatch",
    "pop3-tls-plain-text": "connection-interrupted",
    "smtp-auth-535": "login-refused-for-sending",
    "smtp-auth-535-enhanced": "login-refused-for-sending",
    "smtp-certificate-expired": "clock-wrong",
    "smtp-certificate-not-yet-valid": "clock-wrong",
    "smtp-certificate-self-signed": "local-scanner",
    "smtp-certificate-untrusted": "local-scanner",
    "smtp-certificate-wrong-host": "certificate-wrong-host",
    "smtp-greeting-421": "gmx-busy",
    "smtp-greeting-block-listed": "address-blocked",
    "smtp-mail-full": "mailbox-full",
    "smtp-mail-rate": "too-many-mails",
    "smtp-mail-refused": "sender-not-allowed",
    "smtp-rcpt-550": "recipient-refused",
    "smtp-rcpt-sender": "recipient-refused",
    "smtp-refused": "port-blocked",
    "smtp-starttls-missing": "encryption-mismatch",
}


def faults() -> list[Dialogue]:
    """Return the dialogues that have a cause."""
    return [dialogue for dialogue in read_all() if dialogue.fact("diagnosis")]


def met_by(dialogue: Dialogue) -> tuple[str, ...]:
    """Return the programs of its protocol."""
    return PROGRAMS[dialogue.fact("protocol")]


def expected(program: str, dialogue: Dialogue) -> str:
    """Return the id of the cause that the help finds for what `program` shows, or `NOTHING`."""
    return OTHERWISE[program].get(dialogue.name, dialogue.fact("diagnosis"))


def found(program: str, met: Met) -> str:
    """Return the id of the cause that the help finds first for what was printed, or `NOTHING`."""
    if not met.reached or met.code == 0 or not met.output.strip():
        return NOTHING
    return next(iter(causes(search(met.output, program))), NOTHING)
