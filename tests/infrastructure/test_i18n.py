"""What a page makes of a translated text."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import Flask, render_template_string
from flask.testing import FlaskClient

from tests.support.client import PageLintingClient
from webapp.core.text import Message, translations_for
from webapp.infrastructure.i18n import day_and_time, translate

NBHY = "\N{NON-BREAKING HYPHEN}"


def test_on_pages_no_line_ends_within_the_word_e_mail(app: Flask) -> None:
    start = FlaskClient(app).get("/?lang=de").text
    assert f"E{NBHY}Mails" in start
    assert "E-Mail" not in start
    with app.test_request_context("/?lang=de"):
        one = render_template_string("{{ ngettext('%(number)s message', '%(number)s messages', 5, number=5) }}")
        assert one == f"5 E{NBHY}Mails"
        assert translate(Message("Enter your e-mail address.")) == f"Geben Sie Ihre E{NBHY}Mail-Adresse ein."


def test_outside_of_pages_and_in_values_the_hyphen_is_the_plain_one(app: Flask) -> None:
    text = "We do not know %(address)s as an address of %(providers)s."
    message = Message(text, {"address": "E-Mail@gmx.example", "providers": "GMX"})
    with app.test_request_context("/?lang=de"):
        assert "E-Mail@gmx.example" in translate(message)
        assert translate(message) != text % message.values
        assert render_template_string("{{ _('%(name)s is not a setting.', name='E-Mail') }}").startswith("E-Mail ist")
    assert translations_for("de").gettext("Enter your e-mail address.") == "Geben Sie Ihre E-Mail-Adresse ein."


def test_english_pages_keep_their_words(client: PageLintingClient) -> None:
    assert "Your GMX mail in your own program" in client.get("/?lang=en").text


def test_no_answer_that_everybodys_caches_may_keep_sets_a_cookie(client: PageLintingClient) -> None:
    style_sheet = url_of_asset(client)
    for path in (style_sheet, "/mail/config-v1.1.xml?emailaddress=anna@gmx.de"):
        answer = client.get(path + ("&" if "?" in path else "?") + "lang=en")
        assert answer.status_code == 200
        assert "public" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
    assert 'lang="de"' in client.get("/").text


def url_of_asset(client: PageLintingClient) -> str:
    found = re.search(r'href="(/static/[^"]+\.css)"', client.get("/").text)
    assert found
    return found[1]


def test_a_moment_is_written_as_the_language_writes_it(app: Flask) -> None:
    moment = datetime(2026, 11, 5, 7, 3, tzinfo=UTC)
    for locale, written in (("de", "05.11.2026, 08:03"), ("en", "Nov 5, 2026, 8:03 AM")):
        with app.test_request_context(f"/?lang={locale}"):
            assert day_and_time(moment).replace("\u202f", " ") == written


def test_a_sentence_within_a_sentence_names_the_provider_too(app: Flask) -> None:
    inner = Message("Preparation at %(provider)s")
    with app.test_request_context("/?lang=en"):
        assert translate(Message("Step “%(step)s” opened", {"step": inner})) == "Step “Preparation at GMX” opened"
