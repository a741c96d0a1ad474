"""fetchmail, getmail6, mpop and msmtp, run for real against Dovecot with the file that we export."""

from __future__ import annotations

import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.certificates import Certificates
from tests.support.desk import Desk, Ran
from tests.support.dovecot import BLANKS, UMLAUT, Dovecot, User, reserve
from tests.support.fault_server import FaultServer, read
from tests.support.programs import needed
from webapp.core import providers
from webapp.core.account import MailAccount, Retention, SocketType

pytestmark = pytest.mark.peers

(PERSON,) = reserve(1)
FETCHING = ("fetchmail", "getmail", "mpop")
DAY = 24 * 60 * 60
NEW_MAIL, NO_NEW_MAIL = "new mail", "no new mail"
FETCHMAIL_CODES = {0: NEW_MAIL, 1: NO_NEW_MAIL}  # fetchmail(1), EXIT CODES

Sit = Callable[..., Desk]


@pytest.fixture(params=FETCHING)
def client(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    needed(name)
    return name


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    """Return a user whose mailbox is empty."""
    empty(dovecot, PERSON)
    return PERSON


def empty(dovecot: Dovecot, user: User) -> None:
    shutil.rmtree(dovecot.folder / "mail" / user.address, ignore_errors=True)


def on_server(dovecot: Dovecot, user: User) -> int:
    """Return how many messages the mailbox holds."""
    folder = dovecot.folder / "mail" / user.address / "Maildir"
    return sum(1 for part in ("new", "cur") if (folder / part).is_dir() for _ in (folder / part).iterdir())


@pytest.fixture
def sit(dovecot: Dovecot) -> Iterator[Sit]:
    """Yield how to sit down at a computer with `client`'s file for `user`'s account at Dovecot."""
    with ExitStack() as stack:

        def made(
            client: str,
            user: User,
            keep: str = "forever",
            trusted: bool = True,
            socket_type: SocketType = SocketType.SSL,
        ) -> Desk:
            account = replace(dovecot.account(user.address, socket_type), retention=Retention.parse(keep))
            desk = Desk(client, account, dovecot.ca_file if trusted else None)
            stack.callback(desk.clear)
            return desk

        yield made


def fetch(desk: Desk) -> str:
    """Fetch without a terminal; return whether there was new mail, as the program tells it."""
    before = len(desk.subjects())
    ran = desk.run()
    news = NEW_MAIL if len(desk.subjects()) > before else NO_NEW_MAIL
    assert (FETCHMAIL_CODES.get(ran.code) if desk.client == "fetchmail" else ran.code) in (news, 0), ran.output
    return news


def test_the_file_is_installed_for_its_owner_alone(sit: Sit, client: str, user: User) -> None:
    assert stat.S_IMODE(sit(client, user).file.stat().st_mode) == 0o600


def test_asks_for_the_password_and_fetches(dovecot: Dovecot, sit: Sit, client: str, user: User) -> None:
    dovecot.deliver(user.address, "first")
    desk = sit(client, user)
    ran = desk.run_in_terminal(user.password)
    assert ran.code == 0, ran.output
    assert desk.subjects() == ["first"]
    assert user.password not in ran.output
    assert user.password not in desk.file.read_text()


def test_keeps_everything_and_fetches_nothing_twice(dovecot: Dovecot, sit: Sit, client: str, user: User) -> None:
    dovecot.deliver(user.address, "first", size=200_000)
    dovecot.deliver(user.address, "second")
    desk = sit(client, user)
    desk.keep_password(user.password)
    assert fetch(desk) == NEW_MAIL
    assert desk.subjects() == ["first", "second"]
    assert len(desk.fetched()[0].get_payload()) >= 200_000  # type: ignore[arg-type]
    assert fetch(desk) == NO_NEW_MAIL
    assert on_server(dovecot, user) == 2
    dovecot.deliver(user.address, "third")
    assert fetch(desk) == NEW_MAIL
    assert desk.subjects() == ["first", "second", "third"]
    assert on_server(dovecot, user) == 3


def test_deletes_after_fetching_where_that_was_chosen(dovecot: Dovecot, sit: Sit, client: str, user: User) -> None:
    dovecot.deliver(user.address, "first")
    desk = sit(client, user, keep="delete")
    desk.keep_password(user.password)
    assert fetch(desk) == NEW_MAIL
    assert desk.subjects() == ["first"]
    assert on_server(dovecot, user) == 0
    assert fetch(desk) == NO_NEW_MAIL


@pytest.mark.parametrize("keep", ["forever", "delete"])
def test_loses_nothing_where_the_folder_is_missing(
    dovecot: Dovecot, sit: Sit, client: str, user: User, keep: str
) -> None:
    dovecot.deliver(user.address, "first")
    desk = sit(client, user, keep=keep)
    desk.keep_password(user.password)
    shutil.rmtree(desk.home / "Mail")
    desk.run()
    assert on_server(dovecot, user) == 1
    assert desk.run(desk.commands[1]).code == 0
    assert fetch(desk) == NEW_MAIL
    assert desk.subjects() == ["first"]


def test_getmail_deletes_after_the_days_that_were_chosen(dovecot: Dovecot, sit: Sit, user: User) -> None:
    needed("getmail")
    dovecot.deliver(user.address, "first")
    desk = sit("getmail", user, keep="14")
    desk.keep_password(user.password)
    assert fetch(desk) == NEW_MAIL
    age_what_getmail_has_seen(desk, 13)
    assert fetch(desk) == NO_NEW_MAIL
    assert on_server(dovecot, user) == 1
    dovecot.deliver(user.address, "second")
    age_what_getmail_has_seen(desk, 2)
    assert fetch(desk) == NEW_MAIL
    assert on_server(dovecot, user) == 1  # the second one
    assert desk.subjects() == ["first", "second"]


def age_what_getmail_has_seen(desk: Desk, days: int) -> None:
    """Let `days` pass for the file in which getmail notes when it first saw a message: uid, NUL, seconds."""
    (file,) = desk.file.parent.glob("oldmail-*")
    lines = [line.split("\0") for line in file.read_text().splitlines()]
    assert lines
    assert all(abs(time.time() - int(seconds)) < 99 * DAY for _, seconds in lines)
    file.write_text("".join(f"{uid}\0{int(seconds) - days * DAY}\n" for uid, seconds in lines))


@pytest.mark.parametrize("name", ["fetchmail", "mpop"])
def test_who_cannot_count_days_keeps_everything(dovecot: Dovecot, sit: Sit, name: str, user: User) -> None:
    needed(name)
    dovecot.deliver(user.address, "first")
    desk = sit(name, user, keep="1")
    desk.keep_password(user.password)
    assert fetch(desk) == NEW_MAIL
    assert fetch(desk) == NO_NEW_MAIL
    assert on_server(dovecot, user) == 1


def test_a_password_with_umlauts_arrives_whole_from_its_command(dovecot: Dovecot, sit: Sit, client: str) -> None:
    empty(dovecot, UMLAUT)
    dovecot.deliver(UMLAUT.address, "first")
    desk = sit(client, UMLAUT)
    desk.keep_password(UMLAUT.password)
    assert fetch(desk) == NEW_MAIL


def test_a_password_with_blanks_arrives_whole_from_the_terminal(dovecot: Dovecot, sit: Sit, client: str) -> None:
    empty(dovecot, BLANKS)
    dovecot.deliver(BLANKS.address, "first")
    desk = sit(client, BLANKS)
    assert desk.run_in_terminal(BLANKS.password).code == 0
    assert desk.subjects() == ["first"]


@pytest.mark.parametrize("name", ["fetchmail", "mpop"])
def test_fetches_by_starttls_where_a_server_has_no_other(dovecot: Dovecot, sit: Sit, name: str, user: User) -> None:
    needed(name)
    dovecot.deliver(user.address, "first")
    desk = sit(name, user, socket_type=SocketType.STARTTLS)
    desk.keep_password(user.password)
    assert fetch(desk) == NEW_MAIL


@pytest.mark.parametrize("name", ["fetchmail", "mpop"])
def test_sends_no_password_where_starttls_is_refused(tmp_path: Path, name: str) -> None:
    needed(name)
    ran, server = meet(tmp_path, name, "pop3-stls-refused")
    assert ran.code != 0
    assert server.connections
    assert not server.attempts


def test_a_server_nobody_vouches_for_gets_no_password(dovecot: Dovecot, sit: Sit, client: str, user: User) -> None:
    dovecot.deliver(user.address, "first")
    desk = sit(client, user, trusted=False)
    desk.keep_password(user.password)
    before = dovecot.attempts(user.address)
    ran = desk.run()
    assert ran.code != 0
    assert "certificate" in ran.output.lower()
    assert dovecot.attempts(user.address) == before
    assert not desk.subjects()


@pytest.mark.parametrize("fault", ["certificate-wrong-host", "certificate-expired", "certificate-self-signed"])
def test_a_wrong_certificate_is_refused(tmp_path: Path, client: str, fault: str) -> None:
    refuses(tmp_path, client, f"pop3-{fault}")


@pytest.mark.parametrize("fault", ["certificate-wrong-host", "certificate-expired", "certificate-self-signed"])
def test_msmtp_refuses_a_wrong_certificate(tmp_path: Path, fault: str) -> None:
    needed("msmtp")
    refuses(tmp_path, "msmtp", f"smtp-{fault}")


def refuses(tmp_path: Path, client: str, fault: str) -> None:
    ran, server = meet(tmp_path, client, fault)
    assert ran.code != 0
    assert re.search(r"certificate|hostname '\S+' doesn't match", ran.output.lower())
    assert server.connections
    assert not server.attempts


def meet(tmp_path: Path, client: str, fault: str) -> tuple[Ran, FaultServer]:
    """Run `client` against the server of a dialogue; return how it ended, and what the server saw."""
    certificates = Certificates(tmp_path)
    dialogue = read(fault)
    context = certificates.server_context(dialogue.fact("certificate", "ok"))
    with FaultServer(dialogue, context) as server:
        account = MailAccount("anna@gmx.de", "", server.server, server.server, Retention(), "gmx.net")
        desk = Desk(client, account, certificates.ca_file)
        try:
            desk.keep_password("test-password-anna")
            return desk.run(), server
        finally:
            desk.clear()


@pytest.mark.parametrize("socket_type", list(SocketType))
def test_msmtp_asks_for_the_password_and_sends(dovecot: Dovecot, sit: Sit, user: User, socket_type: SocketType) -> None:
    """465 is implicit TLS, 587 is STARTTLS; Dovecot has both on ports of the test's own."""
    needed("msmtp")
    desk = sit("msmtp", user, socket_type=socket_type)
    assert f"tls_starttls {'on' if socket_type is SocketType.STARTTLS else 'off'}" in desk.content
    ran = desk.run_in_terminal(user.password)
    assert ran.code == 0, ran.output
    assert on_server(dovecot, user) == 1
    desk.keep_password(user.password)
    ran = desk.run()
    assert ran.code == 0, ran.output
    assert on_server(dovecot, user) == 2
    (message, _) = (dovecot.folder / "mail" / user.address / "Maildir" / "new").iterdir()
    text = message.read_text()
    assert f"From: {user.address}" in text
    assert "Subject: Test" in text


def test_msmtp_sends_no_password_to_a_server_nobody_vouches_for(dovecot: Dovecot, sit: Sit, user: User) -> None:
    needed("msmtp")
    desk = sit("msmtp", user, trusted=False)
    desk.keep_password(user.password)
    before = dovecot.attempts(user.address)
    ran = desk.run()
    assert ran.code != 0
    assert "certificate" in ran.output.lower()
    assert dovecot.attempts(user.address) == before
    assert on_server(dovecot, user) == 0


def test_three_programs_share_a_mailbox_and_none_misses_a_message(dovecot: Dovecot, sit: Sit, user: User) -> None:
    """One clears the server after some days, the others leave everything: what each has is complete."""
    desks = {}
    for name in FETCHING:
        needed(name)
        desks[name] = sit(name, user, keep="7" if name == "getmail" else "forever")
        desks[name].keep_password(user.password)
    for day in range(1, 5):
        dovecot.deliver(user.address, f"day {day}")
        if day > 1:
            age_what_getmail_has_seen(desks["getmail"], 4)
        for desk in desks.values():
            fetch(desk)
    assert on_server(dovecot, user) < 4
    for desk in desks.values():
        assert desk.subjects() == ["day 1", "day 2", "day 3", "day 4"]


STRANGE = "an'na#b$c`d|e&f{g}~/%h@gmx.de"
DUMPS = {
    "fetchmail": ("fetchmail --configdump", '"remote":"{address}"', "'keep':TRUE"),
    "getmail": ("getmail --dump", 'username="{address}"', "delete_after : 0"),
    "mpop": ("mpop -P", "user = {address}\n", "keep = on"),
    "msmtp": ("msmtp -P nobody@example.org", "from = {address}\n", "tls_trust_file = system"),
}


_SHELL = "sh -c \"$(sed -n 's/^passwordeval //p' {file})\""
# runs the line that takes the password from the keyring, as the program does: by a shell, or as a tuple of Python
LOOKUP = {
    "getmail": "python3 -c 'import configparser as c, subprocess as s, sys; p = c.RawConfigParser(); "
    'p.read(sys.argv[1]); s.run(eval(p["retriever"]["password_command"]))\' {file}',
    "mpop": _SHELL,
    "msmtp": _SHELL,
}


@pytest.mark.parametrize("address", ["anna.beispiel@gmx.de", STRANGE, "a=b!c+d^e@gmx.de"])
@pytest.mark.parametrize("name", DUMPS)
def test_the_program_itself_reads_the_account_back(name: str, address: str) -> None:
    needed(name)
    command, user, other = DUMPS[name]
    account = providers.load()["gmx.net"].account(address.replace("%", "") if name == "msmtp" else address)
    desk = Desk(name, account, None)
    try:
        ran = desk.run(command)
        assert user.format(address=account.email_address) in ran.output, ran.output
        assert other in ran.output
        assert "not a recognized" not in ran.output
        if name != "fetchmail":
            desk.keep_password("test-password-anna")
            assert desk.run(LOOKUP[name].format(file=desk.file)).output.strip() == "test-password-anna"
    finally:
        desk.clear()
