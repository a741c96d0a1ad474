"""The step of the person's guide that shows what to do about a cause, with its picture."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from flask import url_for

from webapp.core.clients import CLIENTS
from webapp.core.diagnosis.in_guides import AFTER, STEPS
from webapp.core.guides import SOURCES, GuideStep
from webapp.core.guides.preparation import preparation
from webapp.core.providers import Provider
from webapp.web.guides.pictures import Shown, picture, way_says_more
from webapp.web.guides.reading import FIRST_DEVICE, Reading, of_offer, of_program
from webapp.web.wizard import answers as store
from webapp.web.wizard import finish

ANY_PROGRAM = "other"


@dataclass(frozen=True, slots=True)
class Seen:
    """A step, its picture and its page.

    client: the program it is in, "" for the provider's website. after: see `webapp.core.diagnosis.in_guides`.
    """

    step: GuideStep
    picture: Shown | None
    url: str
    client: str = ""
    after: int = 0

    @property
    def way_says_more(self) -> bool:
        return way_says_more(self.step)


def step_for(cause: str, program: str, provider: Provider) -> Seen | None:
    """Return the step that shows what to do about `cause`; None where no guide shows it.

    program: "" where it is not known; then only what is done at the provider is shown.
    """
    wanted = STEPS.get(cause)
    if wanted is None:
        return None
    found = (seen for reading in _readings(program, provider) for seen in _found(wanted, program, reading))
    return next((replace(seen, after=AFTER.get(cause, 0)) for seen in found), None)


def _found(wanted: tuple[str, ...], program: str, reading: Reading) -> Iterator[Seen]:
    context = reading.guide.context
    at_the_provider = {step.id: step for step in preparation(replace(context, two_factor="yes"))}
    in_the_program = {step.id: step for step in reading.guide.steps} if program else {}
    for step_id in wanted:
        if step := in_the_program.get(step_id):
            yield Seen(step, picture(step, context), reading.url(step_id), reading.client_id)
        elif step := at_the_provider.get(step_id):
            yield Seen(step, picture(step, context), _page_of(context.provider))


def _page_of(provider: Provider) -> str:
    """Return the page that shows the provider's own steps: the person's, or that for everybody."""
    if finish.wish_of(store.load()):
        return url_for("wizard.step", slug="preparation", again=1)
    return url_for("pages.settings", provider=provider.id)


def _readings(program: str, provider: Provider) -> Iterator[Reading]:
    """Return the guide in each of its ways, the person's own one first."""
    answers = store.load()
    wish = finish.wish_of(answers)
    if wish and program in ("", answers.client):
        read = partial(of_offer, finish.offer_of(wish, FIRST_DEVICE), two_factor=answers.two_factor)
    else:
        client = program if program in SOURCES and program in CLIENTS else ANY_PROGRAM
        read = partial(of_program, client, provider)
    first = read(query={})
    yield first
    yield from (read(query={"way": way}) for way in first.guide.ways if way != first.guide.way)
