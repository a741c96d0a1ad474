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
GMX_PASSWORD = {"de": r"GMX-Passwort", "en": r"GMX password"}
APP_PASSWORD = {"de": r"App-Passwort", "en": r"app password"}
LIVING = [client.id for client in CLIENTS.values() if not client.ended]


@pytest.fixture(params=["de", "en"])
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def reach(client: PageLintingClient, client_id: str) -> None:
    """Answer everything for somebody with this program."""
    chosen = CLIENTS[client_id]
    system = next(system.id for system in SYSTEMS.values() if system.client_system in chosen.systems)
    walk(client, PLAIN[0], ("program", {"program": f"{client_id}:{system}"}))
    if client_id == "outlook":
        walk(client, ("outlook-profile", {"profile": "existing"}))
    walk(client, *STAYING[2:])


def finish(client: PageLintingClient, two_factor: str, language: str) -> str:
    """Return the text of the last page for this answer."""
    walk(client, ("preparation", {"two_factor": two_factor} if two_factor else {}))
    return text_of(parse(client.get(f"/finish?lang={language}").text).find("body/main"))


@pytest.mark.parametrize("client_id", LIVING)
def test_every_guide_names_the_password_of_the_answer(client: PageLintingClient, client_id: str, locale: str) -> None:
    reach(client, client_id)
    both = finish(client, "", locale)
    assert BOTH[locale] in both
    assert finish(client, "unsure", locale) == both
    app = finish(client, "yes", locale)
    assert re.search(APP_PASSWORD[locale], app)
    assert not re.search(GMX_PASSWORD[locale], app)
    usual = finish(client, "no", locale)
    assert re.search(GMX_PASSWORD[locale], usual)
    # What FairEmail's maker says stands there for whoever is refused all the same.
    assert bool(re.search(APP_PASSWORD[locale], usual)) == (client_id == "fairemail")


# In German, whose sentences take the words apart.
STEPS = {
    "thunderbird": ("fragt nach dem Passwort. Geben Sie {} ein", "Geben Sie {} ein. Klicken Sie auf „Weiter“"),
    "thunderbird-android": ("auf das Konto. Geben Sie {} ein", "auf dieses Bild. Geben Sie dann {} ein"),
    "outlook": ("fragt nach dem Kennwort. Geben Sie {} ein", "Geben Sie {} ein. Klicken Sie auf „Verbinden“"),
    "apple-mail": ("Geben Sie {} ein. Tippen Sie auf „Weiter“", "als Passwort {}. Tippen Sie auf „Weiter“"),
    "samsung-email": ("als Passwort {}. Tippen Sie nicht auf „Anmelden“",),
    "fetchmail": ("fetchmail fragt nach dem Passwort. Geben Sie {} ein",),
    "getmail": ("getmail fragt nach dem Passwort. Geben Sie {} ein",),
    "mpop": ("mpop fragt nach dem Passwort. Geben Sie {} ein",),
    "msmtp": ("msmtp fragt nach dem Passwort. Geben Sie {} ein",),
}


@pytest.mark.parametrize("client_id", STEPS)
def test_the_step_itself_says_it(client: PageLintingClient, client_id: str) -> None:
    reach(client, client_id)
    for two_factor, words in (("", BOTH["de"]), ("yes", "Ihr App-Passwort"), ("no", "Ihr GMX-Passwort")):
        text = finish(client, two_factor, "de")
        for step in STEPS[client_id]:
            assert step.format(words) in text


@pytest.mark.parametrize("client_id", LIVING)
def test_the_row_of_the_values_says_it_too(client: PageLintingClient, client_id: str) -> None:
    reach(client, client_id)
    for two_factor, words in (("yes", "Ihr App-Passwort"), ("no", "Ihr GMX-Passwort"), ("unsure", BOTH["de"])):
        walk(client, ("preparation", {"two_factor": two_factor}))
        rows = [text_of(row) for row in parse(client.get("/finish?lang=de").text).iter("tr")]
        assert [row for row in rows if row.startswith("Passwort") and words in row], rows


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
