"""Accounts on the test server, and the contents of its mailboxes."""

from __future__ import annotations

import poplib
import ssl
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.support.dovecot import Dovecot
from webapp.core import providers
from webapp.core.account import MailAccount, Retention

AccountMaker = Callable[..., MailAccount]
ServerList = Callable[[str], list[str]]


@pytest.fixture(scope="session")
def an_account(dovecot: Dovecot) -> AccountMaker:
    """Return a factory of accounts. submission: "submissions" (465 at GMX) or "submission" (587)."""
    gmx = providers.load(dovecot.providers_dir)["gmx.net"]

    def make(address: str, keep: str = "forever", name: str = "", submission: str = "submissions") -> MailAccount:
        port = dovecot.ports[submission]
        return gmx.account(address, name=name, retention=Retention.parse(keep), smtp_port=port)

    return make


@pytest.fixture(scope="session")
def on_the_server(dovecot: Dovecot) -> ServerList:
    """Return a function that lists the subjects in an address' mailbox, by POP3."""
    passwords = {user.address: user.password for user in dovecot.users}
    context = ssl.create_default_context(cafile=dovecot.ca_file)

    def subjects(address: str) -> list[str]:
        with closing(poplib.POP3_SSL(dovecot.hostname, dovecot.ports["pop3s"], context=context, timeout=30)) as session:
            session.user(address)
            session.pass_(passwords[address])
            numbers = range(1, session.stat()[0] + 1)
            lines = [line for number in numbers for line in session.top(number, 0)[1]]
            session.quit()
        return [line.decode().partition(": ")[2] for line in lines if line.lower().startswith(b"subject: ")]

    return subjects
