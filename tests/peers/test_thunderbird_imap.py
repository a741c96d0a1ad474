"""The way by IMAP, walked in the real Thunderbird as the ways by POP3 are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.dovecot import BEISPIEL
from tests.support.gmx_network import MAIL, GmxNetwork
from tests.support.guide_player import PLAYS, TEST, Play, failure_of, guide_for, played, version_of
from tests.support.pictures import comparing
from tests.support.thunderbird import Thunderbird
from tests.support.thunderbird_screen import SECONDS
from tests.support.waiting import wait_until
from webapp.core.account import ServerType
from webapp.core.text import locales

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1800)]

IMAP_PLAYS = tuple(play for play in PLAYS if play.protocol is ServerType.IMAP)


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


@pytest.mark.proof
@pytest.mark.parametrize("locale", locales())
@pytest.mark.parametrize("play", IMAP_PLAYS, ids=str)
def test_the_guide_by_imap_ends_with_mail_seen_sent_and_all_of_it_kept_and_looks_like_its_pictures(
    gmx: GmxNetwork, play: Play, locale: str, tmp_path: Path
) -> None:
    gmx.deliver(*MAIL)
    differs: list[str] = []
    with played(play, gmx, tmp_path / "profile", locale, comparing(play, gmx, locale, differs)) as thunderbird:
        assert differs == []
        seen = sorted([*MAIL, TEST])
        wait_until(lambda: shown_subjects(thunderbird) == seen, SECONDS, lambda: f"{shown_subjects(thunderbird)}")
        assert gmx.subjects() == [*MAIL, TEST]
        receiving, sending = (gmx.provider.server(kind) for kind in (ServerType.IMAP, ServerType.SMTP))
        said = [[server.hostname, server.port, 3] for server in (receiving, sending)]
        assert servers_of(thunderbird, BEISPIEL.address) == said
    assert gmx.dovecot.attempts(BEISPIEL.address, "pop3") == 0


@pytest.mark.proof
def test_a_label_of_the_way_by_imap_that_the_program_has_not_fails_too(gmx: GmxNetwork, tmp_path: Path) -> None:
    play = IMAP_PLAYS[0]
    guide = guide_for(play, gmx, version_of())
    steps = tuple(replace(each, way=("IMAP4", *each.way[1:])) if each.id == "imap" else each for each in guide.steps)
    said = failure_of(play, replace(guide, steps=steps), gmx, tmp_path / "profile")
    assert said.startswith(f"Thunderbird {version_of()}, step 2 (imap): “IMAP4” is not on the screen")
