"""The walk with providers that are not GMX: every page names them and nobody else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from tests.core.test_other_providers import texts_of
from tests.support.client import PageLintingClient
from tests.support.other_providers import Walk, says_gmx, walks
from tests.web.wizard.walk import answer, follow
from tests.web.wizard.walk import walk as wizard_walk
from webapp import create_app
from webapp.cli import cli
from webapp.core.account import ServerType
from webapp.core.clients import CLIENTS
from webapp.core.text import locales
from webapp.infrastructure.config import Config
from webapp.web.advice import TOPICS
from webapp.web.wizard.mx import RESOLVER_KEY
from webapp.web.wizard.steps import ADJUSTMENTS, STEPS

SITE_NAME = "Hilfe am Nordlicht"


@pytest.fixture(params=walks(), ids=lambda walk: walk.provider.id)
def walk(request: pytest.FixtureRequest) -> Walk:
    found: Walk = request.param
    return found


@pytest.fixture
def app(config: Config, walk: Walk) -> Flask:
    made = create_app(
        replace(
            config, providers_dir=walk.folder, providers=(walk.provider.id,), site_name=SITE_NAME, health_interval=300
        )
    )
    made.testing = True
    made.extensions[RESOLVER_KEY] = None
    made.test_client_class = PageLintingClient
    return made


def pages(app: Flask, walk: Walk) -> Iterator[str]:
    """Yield the path of every page without an argument, of those about the provider, and of one of each kind."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            yield rule.rule
    yield from (f"/settings/{walk.provider.id}", "/no-such-page", "/api/v1/no-such-thing")
    yield f"/api/v1/providers/{walk.provider.id}"
    yield from (f"/help/{id_}" for id_ in ("login-refused", "confirm-login", "unknown-cause"))
    yield from (f"/help?q={query}" for query in ("0x800CCC92", "xyzzy", "Serverzertifikat"))
    yield from (f"/advice/{topic}" for topic in TOPICS)
    yield from (f"/guide/all?client={client}&system={system}" for client, system in (
        ("outlook", "windows"), ("apple-mail", "iphone"), ("apple-mail", "mac"), ("gmail-app", "android"), ("fetchmail", "linux"),
    ))  # fmt: skip


def own_pages() -> Iterator[str]:
    """Yield the pages of somebody who has answered the questions."""
    yield from ("/", "/guide", "/finish", "/done", "/connection-tests", "/connection-tests/circle", "/help/not-working")
    yield from (f"/setup/{step.slug}?again=1" for step in STEPS)
    yield from (f"/adjust/{step.slug}" for step in ADJUSTMENTS)


def fetched(client: FlaskClient, path: str, locale: str) -> str:
    """Return the text of a page that `path` is or leads to; "" for what is no text."""
    place, _, query = path.partition("?")
    page = client.get(f"{place}?{query}&locale={locale}&lang={locale}", follow_redirects=True)
    if path.startswith("/api/v1/"):
        page = client.get(f"{place}?locale={locale}")
    assert page.status_code != 500, path
    return page.text if page.mimetype in ("text/html", "text/plain", "application/json", "text/calendar") else ""


@pytest.mark.parametrize("locale", locales())
def test_no_page_names_another_provider(app: Flask, walk: Walk, locale: str) -> None:
    client = FlaskClient(app, app.response_class)  # other tests look at the form of the pages
    seen = 0
    for path in pages(app, walk):
        if "sign-out" in path or "log-out" in path:
            continue
        text = fetched(client, path, locale)
        seen += bool(text)
        assert says_gmx(text) == [], path
    assert seen > 70


ANSWERS = {
    "thunderbird": "windows", "outlook": "windows", "apple-mail": "iphone", "thunderbird-android": "android", "gmail-app": "android",
    "fetchmail": "linux", "other": "windows",
}  # fmt: skip


@pytest.mark.parametrize(("program", "locale"), [(client, locales()[n % 2]) for n, client in enumerate(ANSWERS)])
def test_no_page_of_a_person_names_another_provider(app: Flask, walk: Walk, program: str, locale: str) -> None:
    client = FlaskClient(app, app.response_class)
    with client.session_transaction() as session:
        session["answers"] = {
            "address": {"email_address": walk.address, "providers": [walk.provider.id], "certainty": "certain"},
            "program": {"client": program, "device": ANSWERS[program]},
            "preparation": {"two_factor": "yes" if walk.provider.app_password else "no", "confirmed": True},
            "retention": {"keep": "14" if CLIENTS[program].speaks_pop else "forever", "confirmed": True},
        }
    for path in own_pages():
        text = fetched(client, path, locale)
        assert says_gmx(text) == [], path
        assert walk.provider.name in html.unescape(text) or path in ("/done", "/connection-tests/circle"), path


def test_the_pages_that_stop_somebody_name_the_provider(app: Flask, walk: Walk) -> None:
    """An address that is none of ours, devices, deleting: each page between a question and the next."""
    client = app.test_client()
    assert isinstance(client, PageLintingClient)
    for typed in ("anna@example.org", "anna@freenet.de"):
        page = follow(client, answer(client, "address", {"email_address": typed}))
        assert says_gmx(page.text) == []
        assert f"Diese Hilfe ist nur für {walk.provider.name}" in page.text
    for typed in ("anna", "anna@gmx", "0171 2345678"):
        client.get("/")
        wrong = follow(client, answer(client, "address", {"email_address": typed}))
        assert says_gmx(wrong.text.replace("anna@gmx", "")) == []
    wizard_walk(client, ("address", {"email_address": walk.address}), ("program", {"program": "thunderbird:windows"}))
    if walk.provider.activation or walk.provider.app_password:
        assert wizard_walk(client, ("preparation", {})) == "/guide"
    for slug, values in (
        ("devices", {"devices": "several"}), ("devices", {"confirm": "1"}), ("devices", {"program-1": "apple-mail:iphone", "name-1": ""}),
        ("retention", {"keep": "30"}), ("retention", {}), ("retention", {"keep": "delete"}),
    ):  # fmt: skip
        page = follow(client, answer(client, slug, values))
        assert says_gmx(page.text) == [], (slug, values)


def test_the_site_bears_its_own_name(app: Flask, walk: Walk) -> None:
    page = app.test_client().get(f"/settings/{walk.provider.id}?lang=de").text
    assert f"<strong>{SITE_NAME}</strong>" in page
    assert f"kein Angebot von {walk.provider.name}" in page
    assert walk.provider.name in page


@pytest.mark.parametrize(
    "arguments",
    [["providers"], ["clients"], ["check", "anna@example.org"], ["check", "--help"], ["export", "--help"], ["dns", "--help"],
     ["providers", "new", "--help"], ["serve", "--help"], ["explain", "0x800CCC92"], ["explain", "Serveridentität"]],
    ids=" ".join,
)  # fmt: skip
def test_the_command_names_gmx_in_its_examples_alone(walk: Walk, arguments: list[str]) -> None:
    environment = {"LC_ALL": "C", "WEBAPP_PROVIDERS": walk.provider.id, "WEBAPP_PROVIDERS_DIR": str(walk.folder or "")}
    shown = CliRunner(env=environment).invoke(cli, arguments).output
    assert says_gmx(re.sub(r"anna@gmx\.de|gmx-pop[a-z.-]*", "", shown)) == []
    assert "%(" not in shown


def test_the_wizard_leads_to_the_file_like_at_gmx(app: Flask, walk: Walk) -> None:
    """What is needed first is said before the questions; a page with nothing to do at the provider is left out."""
    client = app.test_client()
    assert isinstance(client, PageLintingClient)
    assert answer(client, "address", {"email_address": walk.address}).headers["Location"] == "/setup/program"
    first = html.unescape(client.get("/setup/program?lang=de").text)
    needs = walk.provider.pop3_needs
    assert needs.get("de", next(iter(needs.values()), "")) in first
    last = wizard_walk(client, ("program", {"program": "thunderbird:windows"}))
    prepared = bool(walk.provider.activation or walk.provider.app_password)
    assert (last == "/setup/preparation") == prepared
    if prepared:
        wizard_walk(client, ("preparation", {}))
    page = client.get("/finish")
    assert f"{walk.provider.account(walk.address).file_stem}-thunderbird" in page.text
    link = re.search(r'href="([^"]*-thunderbird\.zip[^"]*)"', page.text)
    assert link
    written = "".join(texts_of(client.get(html.unescape(link[1])).data, "thunderbird.zip"))
    assert walk.provider.server(ServerType.SMTP).hostname in written


def test_the_full_circle_is_offered_only_where_the_pauses_allow_it(walk: Walk) -> None:
    pause = walk.provider.seconds_between_pop3_logins
    assert walk.provider.offers_full_circle == (pause <= 30)
    environment = {"LC_ALL": "C", "WEBAPP_PROVIDERS_DIR": str(walk.folder or "")}
    result = CliRunner(env=environment).invoke(cli, ["check", walk.address, "--login", "--full-circle", "--yes"])
    assert (f"wants {pause} seconds between two logins" in result.output) == (pause > 30)
