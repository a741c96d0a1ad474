"""Walking through the wizard with the page-linting client."""

from __future__ import annotations

from urllib.parse import urljoin

from werkzeug.test import TestResponse

from tests.support.client import PageLintingClient
from webapp.web.wizard.steps import ADJUSTMENTS

PLAIN = (
    ("address", {"email_address": " Anna@GMX.de "}),
    ("program", {"program": "thunderbird:windows"}),
    ("preparation", {}),
)
# What `/adjust` changes, after PLAIN.
CLEARING = (("retention", {"keep": "14"}), ("retention", {"confirm": "1"}))
SEVERAL = (
    ("devices", {"devices": "several"}),
    ("devices", {"confirm": "1"}),  # the word on IMAP
    ("devices", {"program-1": "apple-mail:iphone", "name-1": "Annas iPhone"}),
    ("retention", {"keep": "30"}),
    ("retention", {}),  # the plan
)
_ADJUSTED = {step.slug for step in ADJUSTMENTS}

Answers = tuple[tuple[str, dict[str, str]], ...]


def url_of(slug: str) -> str:
    """Return where a step is asked."""
    if slug in _ADJUSTED:
        return f"/adjust/{slug}"
    return "/" if slug == "address" else f"/setup/{slug}"


def answer(client: PageLintingClient, slug: str, values: dict[str, str]) -> TestResponse:
    """Open the step as it stands and send its first form with `values`."""
    page = client.get(url_of(slug))
    assert page.status_code == 200, (slug, page.headers.get("Location"))
    return client.submit(page, {**({"list": "next"} if "program-1" in values else {}), **values})


def refused(client: PageLintingClient, slug: str, values: dict[str, str]) -> TestResponse:
    """Answer a step with a mistake; return the page that says so, to which the person is led."""
    response = answer(client, slug, values)
    page = follow(client, response) if response.status_code == 303 else response
    assert page.request.path == url_of(slug)
    assert 'aria-invalid="true"' in page.text or 'class="error' in page.text
    return page


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


GUIDE = "/guide"  # where a person is led who has answered everything
