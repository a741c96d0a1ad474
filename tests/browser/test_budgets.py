"""What a journey may cost a person: pages, presses, typed fields, words. `make journeys` prints them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from playwright.sync_api import Browser

from tests.browser.journeys import JOURNEYS, Cost, Journey, walk
from tests.browser.screenshots import site
from tests.support.proofs import sampled

pytestmark = [pytest.mark.browser]

PAGES, PRESSES, FIELDS, WORDS = 3, 6, 1, 300  # before the guide
TWO_FACTOR_WORDS = 80
WORDS_OUTLOOK, WORDS_ELSE = 550, 450  # in all
PAGES_SECOND, WORDS_SECOND = 4, 450  # a second device: pages before its guide, words in all
STEP_WORDS, STEP_HEIGHT = 40, 1300  # of a step of the guide, at a width of 390

WALKED = sampled(
    JOURNEYS,
    lambda journey: journey.name in ("Outlook classic", "Thunderbird", "iPhone", "Android, Samsung"),
)

Costs = Callable[[str], Cost]


@pytest.fixture(scope="module")
def costs(browser: Browser) -> Iterator[Costs]:
    """Return what walks a journey, by its name, once."""
    named = {journey.name: journey for journey in JOURNEYS}
    with site() as url:
        yield cache(lambda name: walk(browser, url, named[name]))


@pytest.mark.parametrize("journey", WALKED, ids=lambda journey: journey.name)
def test_the_guide_begins_soon(costs: Costs, journey: Journey) -> None:
    cost = costs(journey.name)
    further = bool(journey.platform) + journey.two_factor + (journey.program == "unknown")
    assert len(cost.before) <= PAGES + further
    assert cost.presses_before <= PRESSES
    assert cost.fields == FIELDS
    assert cost.words_before <= WORDS
    assert sum(page.folded for page in cost.before) <= cost.words_before


def test_six_digits_at_login_cost_few_words_more(costs: Costs) -> None:
    usual, more = costs("Thunderbird"), costs("Thunderbird, six digits at login")
    assert more.words_before - usual.words_before <= TWO_FACTOR_WORDS
    assert len(more.before) == len(usual.before) + 1


@pytest.mark.parametrize("journey", WALKED, ids=lambda journey: journey.name)
def test_the_whole_way_is_short(costs: Costs, journey: Journey) -> None:
    cost = costs(journey.name)
    if not cost.guide:  # a program whose steps stand on one page still
        return
    more = TWO_FACTOR_WORDS if journey.two_factor else 0
    words = WORDS_OUTLOOK if journey.program == "outlook:windows" else WORDS_ELSE
    assert cost.words <= words + more + (WORDS_SECOND if journey.second else 0)
    assert cost.folded <= cost.words
    assert cost.pages[-1].kind == "done"
    for page in cost.guide:
        assert page.words <= STEP_WORDS, page
        assert page.height <= STEP_HEIGHT, page


@pytest.mark.proof
def test_a_second_device_is_as_short_as_the_first(costs: Costs) -> None:
    """From the answer that there is one: IMAP or POP, the list, the plan, the page that names it, its guide, the end."""
    cost = costs("two devices, Thunderbird and iPhone")
    kinds = [page.kind for page in cost.second]
    assert kinds.index("guide") <= PAGES_SECOND
    assert sum(page.words for page in cost.second) <= WORDS_SECOND
    assert cost.pages[-1].kind == "done"
    assert "/guide/file" in [page.path for page in cost.second]
