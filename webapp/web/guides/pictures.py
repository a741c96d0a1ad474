"""The picture of a step as a page shows it: taken from the real program, or drawn."""

from dataclasses import dataclass

from markupsafe import Markup

from webapp.core.guides import Context, Drawing, GuideStep, Screenshot
from webapp.core.guides.drawings import alternative_text, svg
from webapp.core.text import Message
from webapp.infrastructure.i18n import current_locale, translate
from webapp.infrastructure.screenshots import Taken, taken


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture ready to stand in a page: an SVG, or one that was taken."""

    alt: str
    svg: Markup | None = None
    taken: Taken | None = None


def picture(step: GuideStep, context: Context) -> Shown | None:
    """Return the picture of `step` in the language of the request; None where it has none."""
    if isinstance(step.picture, Drawing):
        window, ring, values = step.picture.shown, step.picture.ring, context.drawn
        drawn = Markup(svg(window, ring, translate, values))  # noqa: S704  an SVG of ours, its texts escaped
        return Shown(alternative_text(window, ring, translate, values), svg=drawn)
    if isinstance(step.picture, Screenshot):
        found = taken(context.client, current_locale(), step.picture.name)
        return Shown(translate(step.picture.alt), taken=found) if found else None
    return None


def way_says_more(step: GuideStep) -> bool:
    """Return whether the way names a label that the sentence before it does not quote."""
    text = translate(step.text)
    return any(translate(Message(label)) not in text for label in step.way)
