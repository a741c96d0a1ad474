"""What real programs show when they meet the servers of tests/dialogues: tests ask them, docs/faults.md lists it.

Not every fault can be read from a message: fetchmail and mpop say of a web page or of an IMAP server that the answer is no
POP3, and no more. Nor does every program speak as a dialogue expects, so that it meets another fault than the one meant.
"""

from __future__ import annotations

# Faults that each of the programs of a protocol names in its own words, so that the help finds what our check finds.
PROGRAMS = {"pop3": ("fetchmail", "getmail", "mpop"), "smtp": ("msmtp",)}
NAMED = {
    "pop3": (
        "certificate-chain-incomplete", "certificate-expired", "certificate-self-signed", "certificate-untrusted",
        "refused", "tls-refused",
    ),
    "smtp": ("certificate-expired", "certificate-wrong-host", "certificate-untrusted", "greeting-421", "refused"),
}  # fmt: skip
# The cause that the help finds for what Thunderbird shows, by dialogue.
THUNDERBIRD = {
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
    "smtp-refused": "port-blocked",
    "smtp-starttls-missing": "encryption-mismatch",
}
