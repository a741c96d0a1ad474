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
from webapp.core.account import Retention
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


@pytest.mark.parametrize("play", sampled(PLAYS, (PLAYS[1], PLAYS[2]).__contains__), ids=str)
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


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_the_pictures_of_the_guide_are_those_of_the_program(thunderbird_is_here: None) -> None:
    """As `make pictures`, which writes what differs: every way in both languages, compared pixel by pixel."""
    need(no_dovecot() or no_screen())
    command = [sys.executable, "-m", "tests.peers.pictures", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]


def play_changed(gmx: GmxNetwork, folder: Path, changed: Guide) -> str:
    """Play a guide that is wrong, and return what is said of it."""
    play = Play(Way.FILE, False, "forever")
    with pytest.raises(NotOnScreenError) as raised, played(play, gmx, folder, "de", steps=changed, patience=PATIENCE):
        pass
    return str(raised.value)


@pytest.mark.proof
def test_a_label_that_the_program_has_not_fails_with_version_and_step(gmx: GmxNetwork, tmp_path: Path) -> None:
    guide = guide_for(Play(Way.FILE, False, "forever"), gmx, version_of())
    welcome = replace(guide.steps[1], way=("Verkleinern",), picture=None)
    said = play_changed(gmx, tmp_path / "profile", replace(guide, steps=(welcome, *guide.steps[2:])))
    assert said.startswith(f"Thunderbird {version_of()}, step 1 (welcome): “Verkleinern” is ")


@pytest.mark.proof
def test_a_step_out_of_order_fails_because_a_window_covers_it(gmx: GmxNetwork, tmp_path: Path) -> None:
    guide = guide_for(Play(Way.FILE, False, "forever"), gmx, version_of())
    said = play_changed(gmx, tmp_path / "profile", replace(guide, steps=guide.steps[2:]))
    assert said.startswith(f"Thunderbird {version_of()}, step 1 (menu): “≡” is covered")
