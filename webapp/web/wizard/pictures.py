"""The drawings on the pages of the wizard: a tile of each program, the page of the provider with what to press."""

from markupsafe import Markup

from webapp.core.guides import drawings
from webapp.core.guides.preparation import DESKTOP_SITE, drawing_of
from webapp.core.providers import MenuPath, Provider
from webapp.infrastructure.i18n import translate
from webapp.web.wizard.programs import Option


def tile(option: Option) -> Markup:
    """Return the picture by which people know the program."""
    return Markup(drawings.tile(option.client.id, option.system.id, translate))  # noqa: S704  an SVG of ours


def page_of(path: MenuPath, provider: Provider) -> Markup:
    """Return the drawn page of the provider's site with the step of `path` that it shows ringed; "" for none."""
    found = drawing_of(path, provider)
    return Markup(drawings.svg(found.shown, found.ring, translate)) if found else Markup("")  # noqa: S704


def desktop_site(system_id: str) -> Markup:
    """Return the drawn browser of a phone with what asks for the pages that computers get ringed; "" for no phone."""
    found = DESKTOP_SITE.get(system_id)
    return Markup(drawings.svg(found.shown, found.ring, translate)) if found else Markup("")  # noqa: S704
