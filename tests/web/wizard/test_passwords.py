"""Which password the last pages ask for: the answer to the question about the code decides."""

from __future__ import annotations

import re

import pytest

from tests.support.client import PageLintingClient, parse, text_of
from tests.web.wizard.walk import PLAIN, walk
from webapp.core.clients import CLIENTS
from webapp.core.systems import SYSTEMS

BOTH = {
    "de": "Ihr GMX-Passwort oder, wenn Sie eines haben, das App-Passwort",
    "en": "your GMX password, or the app password if you have one",
}
GMX_PASSWORD = {"de": "Ihr GMX-Passwort", "en": "your GMX password"}
APP_PASSWORD = {"de": "Ihr App-Passwort", "en": "your app password"}


@pytest.fixture(params=["de", "en"])
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def reach(client: PageLintingClient, client_id: str, system: str = "") -> None:
    """Answer everything for somebody with this program, on the first system that it runs on unless one is named."""
    chosen = CLIENTS[client_id]
    system = system or next(system.id for system in SYSTEMS.values() if system.client_system in chosen.systems)
    walk(client, PLAIN[0], ("program", {"program": f"{client_id}:{system}"}), PLAIN[2])


def prepare(client: PageLintingClient, two_factor: str) -> None:
    """Answer the page of the switch anew; "yes" goes by the way to an app password."""
    page = client.get("/setup/preparation?again=1")
    client.submit(page, {"two_factor": two_factor or None})  # type: ignore[dict-item]
    if two_factor:
        client.submit(client.get("/setup/preparation"))


@pytest.mark.parametrize(("answer", "words"), [("yes", APP_PASSWORD), ("", GMX_PASSWORD)])
def test_every_guide_names_the_password_of_the_answer(
    client: PageLintingClient, answer: str, words: dict[str, str], locale: str
) -> None:
    for client_id in ("outlook", "apple-mail", "samsung-email", "getmail"):
        reach(client, client_id)
        prepare(client, answer)
        text = text_of(parse(client.get(f"/guide/all?lang={locale}").text).find("body/main"))
        assert words[locale] in text


def test_who_opens_the_link_reads_of_both(client: PageLintingClient, locale: str) -> None:
    """Somebody else may look at that page: it tells nothing of the answers, not even to their own browser."""
    reach(client, "outlook")
    prepare(client, "yes")
    page = client.get("/finish")
    forms = [form.get("action") for form in parse(page.text).iter("form")]
    client.submit(page, form=forms.index("/downloads"))
    link = re.search(r"/f/[\w-]{22}", client.get("/finish").text)
    assert link
    page = client.get(f"{link[0]}/guide/all?lang={locale}")
    assert BOTH[locale] in text_of(parse(page.text).find("body/main"))


@pytest.mark.parametrize(("two_factor", "label"), [("yes", "Ihr App-Passwort"), ("", "Ihr GMX-Passwort")])
def test_the_login_test_asks_for_the_same_password(client: PageLintingClient, two_factor: str, label: str) -> None:
    walk(client, *PLAIN)
    prepare(client, two_factor)
    page = parse(client.get("/connection-tests?lang=de").text)
    labels = [text_of(element) for element in page.iter("label") if element.get("for") == "password"]
    assert labels == [label]
