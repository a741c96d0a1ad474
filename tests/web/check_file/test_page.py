"""The page that offers the check for the person's own computer."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

import pytest
from flask import Flask

from tests.support.client import PageLintingClient, parse, text_of
from tests.support.dovecot import ANNA, POP_OFF, Dovecot
from tests.support.terminal import in_terminal
from webapp import create_app
from webapp.infrastructure.config import Config
from webapp.web.check_file.page import stands_abroad

CHECK = "/check"
FILE = "/check/gmx-pop-check.pyz"


def page_of(config: Config, path: str = CHECK) -> str:
    app = create_app(config)
    app.testing = True
    app.test_client_class = PageLintingClient
    return str(app.test_client().get(path).text)


def test_offers_the_file_with_the_checksum_of_what_is_sent(client: PageLintingClient) -> None:
    page, file = client.get(CHECK), client.get(FILE)
    assert file.status_code == 200
    assert hashlib.sha256(file.data).hexdigest() in page.text
    assert f'href="{FILE}"' in page.text
    assert f"{len(file.data) // 1000} KB" in page.text


def test_the_file_is_sent_as_a_file_again_and_again_without_a_cookie(app: Flask) -> None:
    client = app.test_client()
    first, second = client.get(FILE), client.get(FILE)
    assert first.data == second.data
    assert first.headers["Content-Type"] == "application/octet-stream"
    assert first.headers["Content-Disposition"] == "attachment; filename=gmx-pop-check.pyz"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in first.headers
    assert client.get(FILE, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert client.head(FILE).headers["Content-Length"] == str(len(first.data))


@pytest.mark.parametrize("locale", ["de", "en"])
def test_speaks_both_languages(client: PageLintingClient, locale: str) -> None:
    page = client.get(f"{CHECK}?lang={locale}")
    heading = {"de": "Auf dem eigenen Computer prüfen", "en": "Check on your own computer"}[locale]
    assert text_of(parse(page.text).find(".//h1")) == heading


def test_warns_loudly_where_our_server_stands_in_another_country(config: Config) -> None:
    from dataclasses import replace

    quiet = page_of(replace(config, country="Deutschland"))
    loud = page_of(replace(config, country="Irland"))
    assert "Unser Server steht in einem anderen Land: Irland" in loud
    assert 'class="panel warning"' in loud
    assert "in einem anderen Land" not in quiet
    assert "Das ist der sichere Weg" in quiet


@pytest.mark.parametrize(
    ("country", "abroad"),
    [("", False), ("Deutschland", False), (" germany ", False), ("AT", False), ("Schweiz", False), ("Irland", True)],
)
def test_knows_which_countries_are_home(country: str, abroad: bool) -> None:
    assert stands_abroad(country) is abroad


def test_the_line_for_curl_names_the_person_s_own_address_and_servers(client: PageLintingClient) -> None:
    with client.session_transaction() as session:
        session["answers"] = {
            "address": {"email_address": "john@gmx.com", "name": ""}, "platform": {"provider": "gmx.com"},
        }  # fmt: skip
    assert "--user john@gmx.com pop3s://pop.gmx.com/" in client.get(CHECK).text


def test_an_address_that_a_shell_reads_something_into_is_not_put_into_the_line(client: PageLintingClient) -> None:
    with client.session_transaction() as session:
        session["answers"] = {"address": {"email_address": "a`id`@gmx.de", "name": ""}}
    page = client.get(CHECK).text
    assert "`id`" not in page
    assert "--user anna@gmx.net pop3s://pop.gmx.net/" in page


@pytest.mark.peers
def test_curl_does_what_the_page_says(dovecot: Dovecot, config: Config) -> None:
    from dataclasses import replace

    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    page = page_of(replace(config, providers_dir=dovecot.providers_dir))
    line = re.search(r"curl --ssl-reqd[^<\"]+", page)
    assert line is not None
    environment = {"PATH": os.environ["PATH"], "CURL_CA_BUNDLE": str(dovecot.ca_file)}
    for user, code, sign in ((ANNA, 0, r"^\d+ \d+\r?$"), (POP_OFF, 67, r"^curl: \(67\)")):
        if user is ANNA:
            dovecot.deliver(user.address)
        before = dovecot.attempts(user.address)
        command = line[0].replace("anna@gmx.net", user.address).split()
        left, shown = in_terminal(command, [("assword", user.password)], environment)
        assert left == code, shown
        assert re.search(sign, shown, re.MULTILINE), shown
        assert user.password not in shown
        assert dovecot.attempts(user.address) == before + 1


def test_the_help_leads_here(client: PageLintingClient) -> None:
    assert f'href="{CHECK}"' in client.get("/help").text


def test_the_file_is_in_no_folder_of_the_site() -> None:
    assert not list(Path(__file__).parents[3].glob("static/**/*.pyz"))
