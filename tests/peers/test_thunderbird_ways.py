"""Every way of the guide, walked in the real Thunderbird by mouse and keyboard, ends with mail that comes and goes.

The guide is the test: its labels in its order are all that is pressed, its values all that is typed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import gmx_network
from tests.support.dovecot import BEISPIEL
from tests.support.dovecot import missing as no_dovecot
from tests.support.gmx_network import MAIL, GmxNetwork
from tests.support.guide_player import PLAYS, Play, guide_for, played, version_of
from tests.support.proofs import sampled
from tests.support.requirements import need
from tests.support.screen import missing as no_screen
from tests.support.thunderbird import Thunderbird
from tests.support.thunderbird_profile import Mailbox
from tests.support.thunderbird_screen import SECONDS, NotOnScreenError
from tests.support.waiting import wait_until
from webapp.core.account import Retention, ServerType
from webapp.core.guides import Guide, Way

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1800)]

TEST = "Test"  # the subject that the guide says
ROOT = Path(__file__).parents[2]
PATIENCE = 30  # seconds until a control counts as missing


@pytest.fixture
def gmx(thunderbird_is_here: None) -> Iterator[GmxNetwork]:
    need(no_dovecot() or no_screen())
    with gmx_network.start() as network:
        yield network


POP_PLAYS, IMAP_PLAYS = (
    tuple(play for play in PLAYS if play.protocol is protocol) for protocol in (ServerType.POP3, ServerType.IMAP)
)


def settings_of(thunderbird: Thunderbird) -> dict[str, object]:
    """Return what the POP account leaves on the server, and where its mail lies."""
    found: dict[str, object] = thunderbird.script(
        """
        const server = MailServices.accounts.allServers.find(each => each.type == "pop3");
        return {
          folder: server.localPath.path,
          leave: server.getBoolValue("leave_on_server"),
          byAge: server.getBoolValue("delete_by_age_from_server"),
          days: server.getIntValue("num_days_to_leave_on_server"),
          whenDeleted: server.getBoolValue("delete_mail_left_on_server"),
        };
        """
    )
    return found


@pytest.mark.parametrize("play", sampled(POP_PLAYS, POP_PLAYS[1:3].__contains__), ids=str)
def test_a_guide_ends_with_mail_fetched_kept_as_chosen_and_sent(gmx: GmxNetwork, play: Play, tmp_path: Path) -> None:
    gmx.deliver(*MAIL)
    with played(play, gmx, tmp_path / "profile", "de") as thunderbird:
        settings = settings_of(thunderbird)
        box = Mailbox(Path(str(settings["folder"])))
        wait_until(lambda: box.subjects() == [*MAIL, TEST], SECONDS, lambda: f"all mail, instead of {box.subjects()}")
        keep = Retention.parse(play.keep)
        assert settings["leave"] is keep.leave_messages_on_server
        if keep.leave_messages_on_server:
            assert gmx.subjects() == [*MAIL, TEST]
            days = keep.days_to_leave_messages_on_server
            assert settings["byAge"] is (days is not None)
            assert days in (None, settings["days"])
            assert settings["whenDeleted"] is False
        else:
            wait_until(lambda: gmx.subjects() == [], SECONDS, lambda: f"an empty mailbox, instead of {gmx.subjects()}")


def servers_of(thunderbird: Thunderbird, address: str) -> list[list[object]]:
    """Return host, port and encryption (3 is SSL/TLS, 2 is STARTTLS) that an IMAP account receives and sends by."""
    found: list[list[object]] = thunderbird.script(
        """
        const server = MailServices.accounts.allServers.find(each => each.type == "imap" && each.username == args[0]);
        const { smtpServerKey } = MailServices.accounts.findAccountForServer(server).defaultIdentity;
        const outgoing = MailServices.outgoingServer.getServerByKey(smtpServerKey).QueryInterface(Ci.nsISmtpServer);
        return [[server.getStringValue("hostname"), server.port, server.socketType],
          [outgoing.hostname, outgoing.port, outgoing.socketType]];
        """,
        address,
    )
    return found


def shown_subjects(thunderbird: Thunderbird) -> list[str]:
    """Return the subjects in the list of mails that is on the screen, as its rows say them."""
    found: list[str] = thunderbird.script(
        """
        const list = document.getElementById("tabmail").currentAbout3Pane.threadTree;
        return [...list.querySelectorAll("tbody .subject")].map(each => each.textContent.trim());
        """
    )
    return sorted(found)


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("play", sampled(IMAP_PLAYS, lambda _: False), ids=str)
def test_the_guide_by_imap_ends_with_mail_seen_sent_and_all_of_it_kept(
    gmx: GmxNetwork, play: Play, locale: str, tmp_path: Path
) -> None:
    gmx.deliver(*MAIL)
    with played(play, gmx, tmp_path / "profile", locale) as thunderbird:
        seen = sorted([*MAIL, TEST])
        wait_until(lambda: shown_subjects(thunderbird) == seen, SECONDS, lambda: f"{shown_subjects(thunderbird)}")
        assert gmx.subjects() == [*MAIL, TEST]
        receiving, sending = (gmx.provider.server(kind) for kind in (ServerType.IMAP, ServerType.SMTP))
        said = [[server.hostname, server.port, 3] for server in (receiving, sending)]
        assert servers_of(thunderbird, BEISPIEL.address) == said
    assert gmx.dovecot.attempts(BEISPIEL.address, "pop3") == 0


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_the_pictures_of_the_guide_are_those_of_the_program(thunderbird_is_here: None) -> None:
    """As `make pictures`, which writes what differs: every way in both languages, compared pixel by pixel."""
    need(no_dovecot() or no_screen())
    command = [sys.executable, "-m", "tests.peers.pictures", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]


FIRST = Play(Way.FILE, False, "forever")


def play_changed(gmx: GmxNetwork, folder: Path, changed: Guide, play: Play = FIRST) -> str:
    """Play a guide that is wrong, and return what is said of it."""
    with pytest.raises(NotOnScreenError) as raised, played(play, gmx, folder, "de", steps=changed, patience=PATIENCE):
        pass
    return str(raised.value)


@pytest.mark.proof
def test_a_label_that_the_program_has_not_fails_with_version_and_step(gmx: GmxNetwork, tmp_path: Path) -> None:
    guide = guide_for(FIRST, gmx, version_of())
    welcome = replace(guide.steps[1], way=("Verkleinern",), picture=None)
    said = play_changed(gmx, tmp_path / "profile", replace(guide, steps=(welcome, *guide.steps[2:])))
    assert said.startswith(f"Thunderbird {version_of()}, step 1 (welcome): “Verkleinern” is ")


def test_a_step_out_of_order_fails_because_a_window_covers_it(gmx: GmxNetwork, tmp_path: Path) -> None:
    guide = guide_for(FIRST, gmx, version_of())
    said = play_changed(gmx, tmp_path / "profile", replace(guide, steps=guide.steps[2:]))
    assert said.startswith(f"Thunderbird {version_of()}, step 1 (menu): “≡” is covered")


@pytest.mark.proof
def test_a_label_of_the_way_by_imap_that_the_program_has_not_fails_too(gmx: GmxNetwork, tmp_path: Path) -> None:
    play = IMAP_PLAYS[0]
    guide = guide_for(play, gmx, version_of())
    steps = tuple(replace(each, way=("IMAP4", *each.way[1:])) if each.id == "imap" else each for each in guide.steps)
    said = play_changed(gmx, tmp_path / "profile", replace(guide, steps=steps), play)
    assert said.startswith(f"Thunderbird {version_of()}, step 2 (imap): “IMAP4” is not on the screen")
