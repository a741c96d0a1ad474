"""Walking through the wizard with the page-linting client."""

from __future__ import annotations

from urllib.parse import urljoin

from werkzeug.test import TestResponse

from tests.support.client import PageLintingClient

PLAIN = (
    ("address", {"email_address": " Anna@GMX.de "}),
    ("program", {"program": "thunderbird:windows"}),
    ("devices", {"devices": "one"}),
    ("retention", {"keep": "14"}),
    ("preparation", {}),
    ("review", {}),
)
# A wish that comes true in every program; PLAIN's 14 days do not.
STAYING = (*PLAIN[:3], ("retention", {"keep": "forever"}), *PLAIN[4:])
SEVERAL = (
    ("devices", {"devices": "several"}),
    ("devices", {}),  # the word on IMAP
    ("devices", {"program-1": "apple-mail:iphone", "name-1": "Annas iPhone"}),
    ("retention", {"keep": "30"}),
    ("retention", {}),  # the plan
)

Answers = tuple[tuple[str, dict[str, str]], ...]


def answer(client: PageLintingClient, slug: str, values: dict[str, str]) -> TestResponse:
    """Open the step as it stands and send its first form with `values`."""
    page = client.get(f"/setup/{slug}")
    assert page.status_code == 200, (slug, page.headers.get("Location"))
    return client.submit(page, {**({"list": "next"} if "program-1" in values else {}), **values})


def walk(client: PageLintingClient, *answers: tuple[str, dict[str, str]]) -> str:
    """Answer the steps; return where the last one leads."""
    location = ""
    for slug, values in answers:
        response = answer(client, slug, values)
        assert response.status_code == 303, (slug, response.text)
        location = response.headers["Location"]
    return location


def follow(client: PageLintingClient, response: TestResponse) -> TestResponse:
    """Fetch what `response` leads to."""
    assert response.status_code == 303, response.text
    return client.get(urljoin(response.request.path, response.headers["Location"]))
