"""Every way of the guide, walked in the real Thunderbird by mouse and keyboard, ends with mail that comes and goes.

The guide is the test: its labels in its order are all that is pressed, its values all that is typed.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.support.gmx_network import MAIL, GmxNetwork
from tests.support.guide_player import PLAYS, TEST, Play, failure_of, guide_for, played, version_of
from tests.support.pictures import FOLDER, comparing, named, read_list
from tests.support.proofs import sampled
from tests.support.thunderbird import Thunderbird
from tests.support.thunderbird_profile import Mailbox
from tests.support.thunderbird_screen import SECONDS
from tests.support.waiting import wait_until
from webapp.core.account import Retention, ServerType
from webapp.core.text import locales

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1800)]

POP_PLAYS = tuple(play for play in PLAYS if play.protocol is ServerType.POP3)
SAMPLE = [(play, "de") for play in POP_PLAYS[1:3]]


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


@pytest.mark.parametrize(("play", "locale"), sampled(product(POP_PLAYS, locales()), SAMPLE.__contains__), ids=str)
def test_a_guide_ends_with_mail_fetched_kept_as_chosen_and_sent_and_looks_like_its_pictures(
    gmx: GmxNetwork, play: Play, locale: str, tmp_path: Path
) -> None:
    gmx.deliver(*MAIL)
    differs: list[str] = []
    with played(play, gmx, tmp_path / "profile", locale, comparing(play, gmx, locale, differs)) as thunderbird:
        assert differs == []
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


def test_every_committed_picture_is_shown_by_a_play(gmx: GmxNetwork) -> None:
    shown = set().union(*(named(play, gmx) for play in PLAYS))
    assert [set(read_list(FOLDER / locale)) for locale in locales()] == [shown] * len(locales())


FIRST = POP_PLAYS[0]


@pytest.mark.proof
def test_a_label_that_the_program_has_not_fails_with_version_and_step(gmx: GmxNetwork, tmp_path: Path) -> None:
    guide = guide_for(FIRST, gmx, version_of())
    welcome = replace(guide.steps[1], way=("Verkleinern",), picture=None)
    said = failure_of(FIRST, replace(guide, steps=(welcome, *guide.steps[2:])), gmx, tmp_path / "profile")
    assert said.startswith(f"Thunderbird {version_of()}, step 1 (welcome): “Verkleinern” is ")


def test_a_step_out_of_order_fails_because_a_window_covers_it(gmx: GmxNetwork, tmp_path: Path) -> None:
    guide = guide_for(FIRST, gmx, version_of())
    said = failure_of(FIRST, replace(guide, steps=guide.steps[2:]), gmx, tmp_path / "profile")
    assert said.startswith(f"Thunderbird {version_of()}, step 1 (menu): “≡” is covered")
