"""Each journey to its end, with JavaScript and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.journeys import JOURNEYS, Journey, walk
from tests.browser.screenshots import site
from tests.support.proofs import sampled

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with site() as served:
        yield served


@pytest.mark.parametrize(
    "journey",
    sampled(JOURNEYS, lambda journey: journey.name in ("Outlook classic", "iPhone")),
    ids=lambda one: one.name,
)
def test_a_journey_ends_without_javascript_too(browser: Browser, url: str, journey: Journey) -> None:
    cost = walk(browser, url, journey, script=False)
    assert cost.pages[-1].path == "/done"
    assert [page.kind for page in cost.pages[:3]] == ["start", "question", "question"]
    assert len(cost.guide) >= 3
