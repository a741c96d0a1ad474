"""A device plan keeps its promise: several programs share one mailbox and none misses a message.

The plan: one device clears the server after some days, the others leave everything there. Thunderbird is the one that
clears, fetchmail and getmail6 are the others. Days pass by setting back the times that the clearing program keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.support.accounts import AccountMaker, ServerList
from tests.support.desk import Desk
from tests.support.dovecot import Dovecot, User, reserve
from tests.support.requirements import need_commands
from tests.support.thunderbird import Thunderbird, start
from tests.support.thunderbird_profile import Mailbox
from webapp.core.clients import CLIENTS

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]

DAYS = 3  # what the plan says: the clearing device keeps mail on the server for so long
LAST_DAY = 10
HOME, TRAVEL = reserve(2)
OTHERS = ("fetchmail", "getmail")


@dataclass
class Household:
    """Everything that fetches from one mailbox. delivered: the subjects of all messages so far."""

    user: User
    dovecot: Dovecot
    thunderbird: Thunderbird
    box: Mailbox
    desks: dict[str, Desk]
    delivered: list[str] = field(default_factory=list)

    def day(self, number: int, *devices: str) -> None:
        """Let a day go by on which a message comes before and one after the `devices` fetch, in their order."""
        self._deliver(f"day {number:02} morning")
        for device in devices:
            self.fetch(device)
        self._deliver(f"day {number:02} evening")
        if (self.box.folder / "popstate.dat").exists():
            self.box.age(days=1)

    def fetch(self, device: str) -> None:
        if device == "thunderbird":
            self.thunderbird.fetch(self.user.address)
        else:
            ran = self.desks[device].run()
            assert ran.code in (0, 1), ran.output  # fetchmail: 1 is "no new mail"

    def subjects(self, device: str) -> list[str]:
        """Return what a device has, sorted; the messages' names sort by day, evening before morning."""
        return sorted(self.box.subjects() if device == "thunderbird" else self.desks[device].subjects())

    def _deliver(self, subject: str) -> None:
        self.dovecot.deliver(self.user.address, subject)
        self.delivered.append(subject)


Move = Callable[[User], Household]


@pytest.fixture(scope="module")
def move_in(
    dovecot: Dovecot, thunderbird_is_here: None, an_account: AccountMaker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Move]:
    """Yield what makes a household for a user; every program has the file that the product made for its role."""
    need_commands(*OTHERS)
    folder = tmp_path_factory.mktemp("plan")
    desks: list[Desk] = []
    with start(folder / "profile") as thunderbird:
        thunderbird.trust(dovecot.ca_file)
        for user in (HOME, TRAVEL):
            account = an_account(user.address, str(DAYS))
            thunderbird.remember_password(account, user.password)
            made = CLIENTS["thunderbird"].export(account)
            (folder / made.file_name).write_bytes(made.content)
            thunderbird.import_profile(folder / made.file_name)
        thunderbird.restart()

        def make(user: User) -> Household:
            found = {}
            for client in OTHERS:
                desk = Desk(client, an_account(user.address, "forever"), dovecot.ca_file)
                desks.append(desk)
                desk.keep_password(user.password)
                found[client] = desk
            return Household(user, dovecot, thunderbird, thunderbird.mailbox(user.address), found)

        yield make
        for desk in desks:
            desk.clear()
        thunderbird.quit()


def test_every_message_is_on_every_device(move_in: Move, on_the_server: ServerList) -> None:
    """The others come at least as often as the plan's days; Thunderbird comes first, when it may already delete."""
    household = move_in(HOME)
    for number in range(1, LAST_DAY + 1):
        devices = ["thunderbird"]
        devices += ["fetchmail"] if number % 2 else []
        devices += ["getmail"] if number % DAYS == 1 else []
        household.day(number, *devices)
    for device in ("thunderbird", *OTHERS):
        household.fetch(device)
        assert household.subjects(device) == sorted(household.delivered), device
    left = on_the_server(HOME.address)
    assert left == household.delivered[-len(left) :], "the server keeps the newest"
    assert 2 * (DAYS - 1) <= len(left) <= 2 * (DAYS + 1), "and no more than the days of the plan"


def test_a_device_that_stays_away_for_longer_than_the_days_of_the_plan_misses_mail(move_in: Move) -> None:
    """What the plan must say, and the proof that the test above can fail."""
    household = move_in(TRAVEL)
    household.day(1, "thunderbird", *OTHERS)
    for number in range(2, LAST_DAY + 1):
        household.day(number, "thunderbird", "fetchmail")
    household.fetch("getmail")
    missed = set(household.delivered) - set(household.subjects("getmail"))
    assert "day 02 morning" in missed
    household.fetch("thunderbird")
    household.fetch("fetchmail")
    assert household.subjects("thunderbird") == household.subjects("fetchmail") == sorted(household.delivered)
