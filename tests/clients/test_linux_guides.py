"""The guides of the command-line programs on the wizard's last page."""

from __future__ import annotations

import html
import re

import pytest

from tests.support.client import PageLintingClient
from webapp.clients import CLIENTS, ExportOptions
from webapp.config import current_providers
from webapp.wizard.answers import SESSION_KEY


def finish(client: PageLintingClient, name: str, locale: str, address: str = "anna@gmx.de") -> str:
    """Return the last page of somebody who has chosen the program `name`."""
    client.get(f"/?lang={locale}")
    for slug, answer in (
        ("address", {"email_address": address}),
        ("program", {"program": "other"}),
        ("devices", {"devices": "one"}),
        ("retention", {"keep": "forever"}),
        ("preparation", {}),
        ("review", {}),
    ):
        assert client.submit(client.get(f"/setup/{slug}"), answer).status_code == 303
    with client.session_transaction() as session:
        answers = session[SESSION_KEY]
        session[SESSION_KEY] = answers | {"program": {"client": name, "device": None}}
    return html.unescape(client.get("/finish").text)


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("name", ["fetchmail", "getmail", "mpop", "msmtp"])
def test_the_guide_shows_the_commands_of_the_file(client: PageLintingClient, name: str, locale: str) -> None:
    page = finish(client, name, locale)
    with client.application.app_context():
        account = current_providers()["gmx.net"].account("anna@gmx.de")
    content = CLIENTS[name].export(account, ExportOptions(locale=locale)).content.decode()
    commands = re.findall(r"^#     (.+)$", content, re.MULTILINE)[: 2 if name == "msmtp" else 3]
    for command in commands:
        assert command in page.replace("'anna@gmx.de'", "anna@gmx.de")


def test_an_address_in_a_command_is_quoted_for_the_shell(client: PageLintingClient) -> None:
    page = finish(client, "msmtp", "en", "an'na$x@gmx.de")
    assert r"msmtp 'an'\''na$x@gmx.de'" in page
