"""Which password the last pages ask for: the answer to the question about the code decides."""

from __future__ import annotations

import re

import pytest

from tests.support.client import PageLintingClient, parse, text_of
from tests.wizard.walk import PLAIN, STAYING, walk
from webapp.clients import CLIENTS
from webapp.systems import SYSTEMS

BOTH = {
    "de": "Ihr GMX-Passwort oder, wenn Sie sich mit einem Code anmelden, das App-Passwort",
    "en": "your GMX password, or the app password if you log in with a code",
}
LABEL = {"de": "Passwort", "en": "Password"}  # of the row of the values, whose cells join here
GMX_PASSWORD = {"de": "Ihr GMX-Passwort", "en": "your GMX password"}
APP_PASSWORD = {"de": "Ihr App-Passwort", "en": "your app password"}
GMX_WORD = {"de": "anwendungsspezifisches Passwort", "en": "application-specific password"}
LIVING = [client.id for client in CLIENTS.values() if not client.ended]


@pytest.fixture(params=["de", "en"])
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def reach(client: PageLintingClient, client_id: str, system: str = "") -> None:
    """Answer everything for somebody with this program, on the first system that it runs on unless one is named."""
    chosen = CLIENTS[client_id]
    system = system or next(system.id for system in SYSTEMS.values() if system.client_system in chosen.systems)
    walk(client, PLAIN[0], ("program", {"program": f"{client_id}:{system}"}))
    if client_id == "outlook":
        walk(client, ("outlook-profile", {"profile": "existing"}))
    walk(client, *STAYING[2:])


def finish(client: PageLintingClient, two_factor: str, language: str) -> str:
    """Return the text of the last page for this answer; "" leaves the question as it stands."""
    walk(client, ("preparation", {"two_factor": two_factor} if two_factor else {}))
    return text_of(parse(client.get(f"/finish?lang={language}").text).find("body/main"))


@pytest.mark.parametrize("client_id", LIVING)
def test_every_guide_names_the_password_of_the_answer(client: PageLintingClient, client_id: str, locale: str) -> None:
    reach(client, client_id)
    both = finish(client, "", locale)
    assert both.count(f"{LABEL[locale]}{BOTH[locale]}") == 1
    assert both.count(GMX_WORD[locale]) == 1, "GMX’s own word stands where the app password comes up first"
    assert both.index(BOTH[locale]) < both.index(GMX_WORD[locale])
    assert finish(client, "unsure", locale) == both
    app = finish(client, "yes", locale)
    assert app.count(f"{LABEL[locale]}{APP_PASSWORD[locale]}") == 1
    assert GMX_PASSWORD[locale] not in app
    assert GMX_WORD[locale] not in app
    usual = finish(client, "no", locale)
    assert usual.count(f"{LABEL[locale]}{GMX_PASSWORD[locale]}") == 1
    # What FairEmail's maker says stands there for whoever is refused all the same.
    assert (APP_PASSWORD[locale].partition(" ")[2] in usual) == (client_id == "fairemail")


# In German, whose sentences take the words apart.
STEPS = {
    "thunderbird": ("fragt nach dem Passwort. Geben Sie {} ein", "Geben Sie {} ein. Klicken Sie auf „Weiter“"),
    "thunderbird-android": ("auf das Konto. Geben Sie {} ein", "auf dieses Bild. Geben Sie dann {} ein"),
    "outlook": ("fragt nach dem Kennwort. Geben Sie {} ein", "Geben Sie {} ein. Klicken Sie auf „Verbinden“"),
    "apple-mail:iphone": ("Geben Sie {} ein. Tippen Sie auf „Weiter“", "als Passwort {}. Tippen Sie auf „Weiter“"),
    "apple-mail:mac": ("Geben Sie {} ein. Vielleicht fragt der Mac", "als Passwort {}. Klicken Sie auf „Anmelden“"),
    "samsung-email": ("als Passwort {}. Tippen Sie nicht auf „Anmelden“",),
    "fetchmail": ("fetchmail fragt nach dem Passwort. Geben Sie {} ein",),
    "getmail": ("getmail fragt nach dem Passwort. Geben Sie {} ein",),
    "mpop": ("mpop fragt nach dem Passwort. Geben Sie {} ein",),
    "msmtp": ("msmtp fragt nach dem Passwort. Geben Sie {} ein",),
}


@pytest.mark.parametrize("program", STEPS)
def test_the_step_itself_says_it(client: PageLintingClient, program: str) -> None:
    reach(client, *program.split(":"))
    for two_factor, words in (("", BOTH["de"]), ("yes", "Ihr App-Passwort"), ("no", "Ihr GMX-Passwort")):
        text = finish(client, two_factor, "de")
        for step in STEPS[program]:
            assert step.format(words) in text


def test_who_opens_the_link_reads_of_both(client: PageLintingClient, locale: str) -> None:
    """Somebody else may look at that page: it tells nothing of the answers, not even to their own browser."""
    reach(client, "thunderbird")
    finish(client, "yes", locale)
    page = client.get("/finish")
    forms = [form.get("action") for form in parse(page.text).iter("form")]
    client.submit(page, form=forms.index("/downloads"))
    link = re.search(r"/f/[\w-]{22}", client.get("/finish").text)
    assert link
    for url in (link[0], "/guides/program/thunderbird"):
        assert BOTH[locale] in text_of(parse(client.get(url).text).find("body/main"))


@pytest.mark.parametrize(("two_factor", "label"), [
    ("yes", "Ihr App-Passwort"), ("no", "Ihr GMX-Passwort"), ("", "Ihr GMX-Passwort"),
])  # fmt: skip
def test_the_login_test_asks_for_the_same_password(client: PageLintingClient, two_factor: str, label: str) -> None:
    walk(client, *PLAIN[:4], ("preparation", {"two_factor": two_factor} if two_factor else {}), PLAIN[5])
    page = parse(client.get("/connection-tests?lang=de").text)
    labels = [text_of(element) for element in page.iter("label") if element.get("for") == "password"]
    assert labels == [label]
