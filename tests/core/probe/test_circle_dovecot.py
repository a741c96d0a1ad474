"""The full circle at a real server: the mail is really sent, really arrives, and the server counts the logins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.dovecot import Dovecot, User, reserve
from webapp.core import probe
from webapp.core.account import SocketType
from webapp.core.probe import Report, RunState, Secret, Stage, Status, Vantage, circle

pytestmark = pytest.mark.peers

Close = Callable[..., Report]
PEOPLE = reserve(2)
BETWEEN = 0.2  # seconds, instead of 20


@pytest.fixture
def close(dovecot: Dovecot) -> Close:
    """Run a full circle as `user`."""

    def run(user: User, password: str = "", socket_type: SocketType = SocketType.SSL, **arguments: object) -> Report:
        return circle.run(
            dovecot.account(user.address, socket_type),
            vantage=Vantage.SERVER,
            password=Secret(password or user.password),
            tls=probe.tls_context(dovecot.ca_file),
            **{"seconds_between": BETWEEN, **arguments},  # type: ignore[arg-type]
        )

    return run


def attempts(dovecot: Dovecot, user: User) -> tuple[int, int]:
    return dovecot.attempts(user.address, "pop3"), dovecot.attempts(user.address, "submission")


def mails(dovecot: Dovecot, user: User) -> list[bytes]:
    return [path.read_bytes() for path in (dovecot.folder / "mail" / user.address / "Maildir").glob("*/*:*")] + [
        path.read_bytes() for path in (dovecot.folder / "mail" / user.address / "Maildir" / "new").glob("*")
    ]


@pytest.mark.parametrize(("socket_type", "user"), list(zip(SocketType, PEOPLE, strict=True)), ids=list(SocketType))
def test_a_mail_that_was_really_sent_is_really_found_and_stays(
    close: Close, dovecot: Dovecot, socket_type: SocketType, user: User
) -> None:
    dovecot.deliver(user.address)
    told: list[Stage] = []
    report = close(user, socket_type=socket_type, on_stage=told.append)
    assert report.circle is not None
    assert (report.state, report.circle.sent, report.circle.found) == (RunState.PASSED, True, True), report
    assert attempts(dovecot, user) == (2, 1)
    assert report.circle.looks[0].detail == {"messages": 2, "headers": 1}
    assert report.circle.looks[1].status is Status.SKIPPED
    assert report.mailbox is not None
    assert report.mailbox.messages == 1
    assert any("due" in stage.detail for stage in told)
    again = probe.run(
        dovecot.account(user.address), vantage=Vantage.SERVER, login=True, password=Secret(user.password),
        tls=probe.tls_context(dovecot.ca_file),
    )  # fmt: skip
    assert again.mailbox is not None
    assert again.mailbox.messages == 2
