"""The real Thunderbird takes our profile ZIP, and does what the person chose.

One profile goes through what a person does. The first fixture follows the German guide in a new installation, the
second one the English guide in the same profile, which is now in use, and imports some more accounts there. Every
account is a user of its own at the server, so that no test sees another one's mail.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.accounts import AccountMaker, ServerList
from tests.support.dovecot import Dovecot, User, reserve
from tests.support.thunderbird import Thunderbird, start
from tests.support.thunderbird_profile import Value, read_prefs
from tests.support.thunderbird_window import Window
from tests.support.zbar import read_qr
from webapp.core.account import FETCH_AND_DELETE, MailAccount
from webapp.core.clients import CLIENTS, ExportOptions
from webapp.core.clients.thunderbird import preferences

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]

PEOPLE = FIRST, USED, DELETING, AGING, KEEPING, BY_HAND, AUTOMATIC, LASTING, MOVING = reserve(9)
PASSWORDS = {user.address: user.password for user in PEOPLE}

# What Thunderbird shows, in the order in which a person clicks it: reference for the guides.
GERMAN_MENU = ("Anwendungsmenü von Thunderbird anzeigen", "Werkzeuge", "Importieren")
GERMAN_WAY = ("Import aus Datei", "Weiter", "Profil aus Sicherheitskopie importieren", "Weiter")
GERMAN_SUMMARY = ("Zu importierende Daten:", "Weiter", "Import starten")
ENGLISH_MENU = ("Display the Thunderbird Menu", "Tools", "Import")
ENGLISH_WAY = ("Import from a file", "Continue", "Import Backed-up Profile", "Continue")
ENGLISH_SUMMARY = ("Choose what to import:", "Continue", "Start Import")

ADDED_BY_THUNDERBIRD = {
    "directory", "directory-rel", "lastFilterTime", "nextFilterTime", "spamActionTargetAccount", "storeContractID", "uid",
}  # fmt: skip


@dataclass(frozen=True)
class NewProfile:
    """A profile that was new until the guide was followed. menu_was_dead: Import, under the welcome window."""

    folder: Path
    account: MailAccount
    prefs: dict[str, Value]
    keys: dict[str, str]
    accounts: list[tuple[str, str]]
    menu_was_dead: bool


@dataclass(frozen=True)
class UsedProfile:
    """A Thunderbird that runs over the profile after more imports. before, after: its preferences."""

    thunderbird: Thunderbird
    before: dict[str, Value]
    after: dict[str, Value]
    account: MailAccount


def export(account: MailAccount, folder: Path) -> Path:
    """Write the ZIP where a browser would."""
    made = CLIENTS["thunderbird"].export(account)
    folder.mkdir(exist_ok=True)
    (folder / made.file_name).write_bytes(made.content)
    return folder / made.file_name


def prepare(thunderbird: Thunderbird, dovecot: Dovecot, *accounts: MailAccount) -> None:
    """Do what no file may do: trust the test server, know the passwords."""
    thunderbird.trust(dovecot.ca_file)
    for account in accounts:
        thunderbird.remember_password(account, PASSWORDS[account.email_address])


@pytest.fixture(scope="module")
def new_profile(
    dovecot: Dovecot, thunderbird_is_here: None, an_account: AccountMaker, tmp_path_factory: pytest.TempPathFactory
) -> NewProfile:
    folder = tmp_path_factory.mktemp("thunderbird")
    account = an_account(FIRST.address, "14", "Änna „Möve“ Böll \\ 🐟")
    dovecot.deliver(FIRST.address, "before the first start")
    with start(folder / "profile", locale="de") as thunderbird:
        prepare(thunderbird, dovecot, account)
        window = Window(thunderbird)
        window.see("Minimieren")
        for words in GERMAN_MENU:
            window.click(words)
        menu_was_dead = not window.shows("Import aus Datei")
        window.click("Minimieren")
        window.choose_file(export(account, folder / "downloads"))
        for words in (*GERMAN_MENU, *GERMAN_WAY, *GERMAN_SUMMARY):
            window.click(words)
        window.see("Beenden")
        thunderbird.expect_restart(lambda: window.click_later("Beenden"))
        thunderbird.fetch(FIRST.address)
        facts = NewProfile(
            folder / "profile",
            account,
            thunderbird.prefs(),
            thunderbird.keys(FIRST.address),
            thunderbird.accounts(),
            menu_was_dead,
        )
        thunderbird.quit()
    return facts


@pytest.fixture(scope="module")
def used_profile(new_profile: NewProfile, dovecot: Dovecot, an_account: AccountMaker) -> Iterator[UsedProfile]:
    downloads = new_profile.folder.parent / "downloads"
    account = an_account(USED.address, "forever", "Jörg Beispiel", submission="submission")
    others = [an_account(DELETING.address, "delete"), an_account(AGING.address, "3"), an_account(KEEPING.address)]
    before = read_prefs(new_profile.folder)
    with start(new_profile.folder, locale="en") as thunderbird:
        prepare(thunderbird, dovecot, account, *others)
        window = Window(thunderbird)
        window.choose_file(export(account, downloads))
        for words in (*ENGLISH_MENU, *ENGLISH_WAY, *ENGLISH_SUMMARY):
            window.click(words)
        window.see("Finish")
        thunderbird.expect_restart(lambda: window.click_later("Finish"))
        for other in (*others, replace(account, retention=FETCH_AND_DELETE)):  # the last one is there already
            thunderbird.import_profile(export(other, downloads))
        thunderbird.restart()
        yield UsedProfile(thunderbird, before, thunderbird.prefs(), account)
        thunderbird.quit()


def assert_as_we_wrote(thunderbird_prefs: dict[str, Value], keys: dict[str, str], account: MailAccount) -> None:
    """Compare every preference of an account with our file, under whatever keys Thunderbird gave it."""
    expected = {
        re.sub(r"(?<=\.)(server1|account1|id1|smtp1)(?=\.)", lambda key: keys[key[0]], name): keys.get(
            str(value), value
        )
        for name, value in preferences(account).items()
        if re.search(r"1\.", name)
    }
    branches = {name.rpartition(".")[0] for name in expected}
    found = {name: value for name, value in thunderbird_prefs.items() if name.rpartition(".")[0] in branches}
    added = {name.rpartition(".")[2] for name in set(found) - set(expected)}
    assert added <= ADDED_BY_THUNDERBIRD
    assert {name: value for name, value in found.items() if name in expected} == expected


def test_a_new_profile_has_every_preference_as_written(new_profile: NewProfile) -> None:
    assert_as_we_wrote(new_profile.prefs, new_profile.keys, new_profile.account)
    assert new_profile.accounts == [("pop3", FIRST.address), ("none", "nobody")]
    assert new_profile.prefs["mail.accountmanager.defaultaccount"] == "account1"
    assert new_profile.prefs["mail.smtp.defaultserver"] == "smtp1"


def test_nothing_of_our_file_is_lost_on_the_way_to_the_disk(new_profile: NewProfile) -> None:
    on_disk = read_prefs(new_profile.folder)
    assert preferences(new_profile.account).items() - on_disk.items() == {
        ("mail.accountmanager.accounts", "account1")  # Thunderbird adds its Local Folders
    }


def test_the_menu_does_nothing_while_the_welcome_window_is_open(new_profile: NewProfile) -> None:
    assert new_profile.menu_was_dead


def test_a_profile_in_use_keeps_its_account_and_its_defaults(used_profile: UsedProfile) -> None:
    counted = ("lastKey", "nextFilterTime", "accounts", "smtpservers")
    kept = {
        name: value
        for name, value in used_profile.before.items()
        if name.startswith("mail.") and not name.endswith(counted)
    }
    assert {name: used_profile.after.get(name) for name in kept} == kept
    keys = used_profile.thunderbird.keys(USED.address)
    assert keys["server1"] not in ("server1", "server2")
    assert_as_we_wrote(used_profile.after, keys, used_profile.account)


def test_imported_twice_leaves_one_account_with_the_settings_it_had(used_profile: UsedProfile) -> None:
    """Harmless, and a trap: who has the account already changes nothing with a new file."""
    users = [user for kind, user in used_profile.thunderbird.accounts() if kind == "pop3"]
    assert sorted(users) == sorted(user.address for user in (FIRST, USED, DELETING, AGING, KEEPING))
    server = used_profile.thunderbird.keys(USED.address)["server1"]
    assert used_profile.after[f"mail.server.{server}.leave_on_server"] is True


def test_fetches_what_is_there_and_leaves_it_on_the_server(
    used_profile: UsedProfile, dovecot: Dovecot, on_the_server: ServerList
) -> None:
    thunderbird = used_profile.thunderbird
    subjects = ["one", "two", "three"]
    for subject in subjects:
        dovecot.deliver(KEEPING.address, subject)
    thunderbird.fetch(KEEPING.address)
    box = thunderbird.mailbox(KEEPING.address)
    assert box.subjects() == subjects == on_the_server(KEEPING.address)
    thunderbird.fetch(KEEPING.address)
    assert box.subjects() == subjects, "the second fetch brings nothing again"
    box.age(days=400)
    dovecot.deliver(KEEPING.address, "four")
    thunderbird.fetch(KEEPING.address)
    assert box.subjects() == [*subjects, "four"] == on_the_server(KEEPING.address), "for ever is for ever"


def test_deletes_on_the_server_after_the_chosen_days_and_keeps_its_own(
    used_profile: UsedProfile, dovecot: Dovecot, on_the_server: ServerList
) -> None:
    thunderbird = used_profile.thunderbird
    dovecot.deliver(AGING.address, "old")
    thunderbird.fetch(AGING.address)
    box = thunderbird.mailbox(AGING.address)
    box.age(days=2)
    dovecot.deliver(AGING.address, "young")
    thunderbird.fetch(AGING.address)
    assert on_the_server(AGING.address) == ["old", "young"]
    box.age(days=1)
    thunderbird.fetch(AGING.address)
    assert on_the_server(AGING.address) == ["young"]
    assert box.subjects() == ["old", "young"]


def test_fetch_and_delete_empties_the_server(
    used_profile: UsedProfile, dovecot: Dovecot, on_the_server: ServerList
) -> None:
    for subject in ("one", "two"):
        dovecot.deliver(DELETING.address, subject)
    used_profile.thunderbird.fetch(DELETING.address)
    assert on_the_server(DELETING.address) == []
    assert used_profile.thunderbird.mailbox(DELETING.address).subjects() == ["one", "two"]


def test_deleting_in_thunderbird_deletes_nothing_on_the_server(
    used_profile: UsedProfile, dovecot: Dovecot, on_the_server: ServerList
) -> None:
    thunderbird = used_profile.thunderbird
    dovecot.deliver(FIRST.address, "thrown away here")
    thunderbird.fetch(FIRST.address)
    thunderbird.delete(FIRST.address, "thrown away here")
    thunderbird.fetch(FIRST.address)
    assert "thrown away here" in on_the_server(FIRST.address)


@pytest.mark.parametrize("sender", [FIRST, USED], ids=["465", "587"])
def test_sends_and_keeps_a_copy(
    used_profile: UsedProfile, dovecot: Dovecot, on_the_server: ServerList, sender: User
) -> None:
    address = sender.address
    before = dovecot.attempts(address, "submission")
    used_profile.thunderbird.send(address, BY_HAND.address, f"sent by {address}")
    assert f"sent by {address}" in on_the_server(BY_HAND.address)
    assert used_profile.thunderbird.mailbox(address).subjects("Sent") == [f"sent by {address}"]
    assert dovecot.attempts(address, "submission") == before + 1


@pytest.mark.parametrize(
    ("user", "keep", "submission", "days"),
    [(AUTOMATIC, "14", "submissions", 14), (LASTING, "forever", "submission", 36_500)],
    ids=["14-465", "forever-587"],
)
def test_thunderbird_sets_itself_up_from_the_autoconfig_file(
    used_profile: UsedProfile,
    an_account: AccountMaker,
    dovecot: Dovecot,
    on_the_server: ServerList,
    user: User,
    keep: str,
    submission: str,
    days: int,
) -> None:
    """POP3 because it stands first; the days as written; and it deletes there what is deleted here, unasked."""
    account = an_account(user.address, keep, submission=submission)
    made = CLIENTS["thunderbird"].export(account, ExportOptions(format="autoconfig"))
    thunderbird = used_profile.thunderbird
    thunderbird.set_up_automatically(made.content.decode(), user.address, user.password)
    keys, prefs = thunderbird.keys(user.address), thunderbird.prefs()
    server, smtp = f"mail.server.{keys['server1']}.", f"mail.smtpserver.{keys['smtp1']}."
    socket_type = 3 if submission == "submissions" else 2
    found = {name.removeprefix(server): value for name, value in prefs.items() if name.startswith(server)}
    assert found.items() >= {
        ("type", "pop3"), ("hostname", "localhost"), ("port", account.incoming.port), ("socketType", 3),
        ("userName", user.address), ("leave_on_server", True), ("delete_by_age_from_server", True),
        ("num_days_to_leave_on_server", days), ("download_on_biff", True), ("login_at_startup", True),
    }  # fmt: skip
    assert (prefs[f"{smtp}port"], prefs[f"{smtp}try_ssl"]) == (account.outgoing.port, socket_type)
    assert any("also deletes it at" in note.text for note in made.notes)
    assert found["delete_mail_left_on_server"] is True, "what the note says"
    for subject in ("kept", "thrown away"):
        dovecot.deliver(user.address, subject)
    thunderbird.fetch(user.address)
    thunderbird.delete(user.address, "thrown away")
    thunderbird.fetch(user.address)
    assert on_the_server(user.address) == ["kept"]
    thunderbird.send(user.address, user.address, "to myself")
    assert "to myself" in on_the_server(user.address)


@pytest.mark.parametrize("user", [FIRST, USED], ids=["465", "587"])
def test_our_qr_code_says_what_its_export_for_mobile_says(
    used_profile: UsedProfile, new_profile: NewProfile, qr_reader_is_here: None, tmp_path: Path, user: User
) -> None:
    """No field differs. Passwords are left out by both."""
    account = new_profile.account if user is FIRST else used_profile.account
    ours = CLIENTS["thunderbird-android"].export(account, ExportOptions(format="qr-payload")).content.decode()
    text, picture = used_profile.thunderbird.qr_export(user.address)
    assert ours == text
    bitmap = tmp_path / "thunderbird.bmp"
    bitmap.write_bytes(base64.b64decode(picture.partition("base64,")[2]))
    assert read_qr(bitmap).decode() == ours


def test_a_user_js_sets_up_a_new_profile(
    dovecot: Dovecot, thunderbird_is_here: None, an_account: AccountMaker, tmp_path: Path, on_the_server: ServerList
) -> None:
    account = an_account(BY_HAND.address, "14", "Erika Beispiel")
    dovecot.deliver(BY_HAND.address, "by hand")
    made = CLIENTS["thunderbird"].export(account, ExportOptions(format="userjs"))
    with start(tmp_path / "profile") as thunderbird:  # an account there would be asked for at once
        prepare(thunderbird, dovecot, account)
        thunderbird.quit()
    with start(tmp_path / "profile", user_js=made.content) as thunderbird:
        assert thunderbird.accounts()[0] == ("pop3", BY_HAND.address)
        assert_as_we_wrote(thunderbird.prefs(), thunderbird.keys(BY_HAND.address), account)
        thunderbird.fetch(BY_HAND.address)
        fetched = thunderbird.mailbox(BY_HAND.address).subjects()
        assert "by hand" in fetched
        assert fetched == on_the_server(BY_HAND.address)


def test_an_imap_account_of_the_same_address_stays_beside_the_new_one(
    dovecot: Dovecot, thunderbird_is_here: None, an_account: AccountMaker, tmp_path: Path
) -> None:
    """The move from IMAP to POP: nothing that is there is touched."""
    account = an_account(MOVING.address)
    dovecot.deliver(MOVING.address, "moved")
    with start(tmp_path / "profile") as thunderbird:
        prepare(thunderbird, dovecot, account)
        thunderbird.add_imap_account(MOVING.address)
        thunderbird.import_profile(export(account, tmp_path))
        thunderbird.restart()
        assert thunderbird.accounts()[:2] == [("imap", MOVING.address), ("pop3", MOVING.address)]
        assert thunderbird.prefs()["mail.accountmanager.defaultaccount"] == "account1"
        thunderbird.fetch(MOVING.address)
        assert "moved" in thunderbird.mailbox(MOVING.address).subjects()
