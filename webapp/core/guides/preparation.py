"""What comes before every guide: the switch at the provider, and an app password for who needs one.

The words and drawings of the provider's pages come from its file, in the language of its site, whatever language the
guide has.
"""

from webapp.core.guides.base import Context, Drawing, GuideStep
from webapp.core.guides.drawings.system import DESKTOP_CHROME, DESKTOP_SAFARI
from webapp.core.guides.drawings.types import (
    Button,
    Control,
    Entry,
    Field,
    Kind,
    Switch,
    Tick,
    TickOrSwitch,
    Window,
    Words,
)
from webapp.core.providers import MenuPath, Provider
from webapp.core.providers.types import DrawnPart
from webapp.core.text import N_

# Where a phone shows the pages that computers get, by system: for who has no computer at hand.
DESKTOP_SITE = {
    "iphone": Drawing("safari-desktop-site", DESKTOP_SAFARI),
    "android": Drawing("chrome-desktop-site", DESKTOP_CHROME),
}


def preparation(context: Context) -> tuple[GuideStep, ...]:
    """Return the steps at the provider's site, none where it needs none."""
    provider = context.provider
    steps = []
    if provider.activation:
        path = provider.paths("activation")[0]
        text, note = N_("Allow programs to reach your mailbox."), provider.told("after-activation")
        steps.append(GuideStep("switch", context.message(text), path.steps, drawing_of(path, provider), note=note))
    if provider.app_password and context.two_factor == "yes":
        path = provider.paths("app_password")[0]
        text = N_("Create a password for your program. Copy it: %(provider)s shows it only once.")
        steps.append(GuideStep("app-password", context.message(text), path.steps, drawing_of(path, provider)))
    if not steps:
        return ()
    text = N_("Open %(website)s in your browser and log in.")
    if context.system in ("iphone", "android") and provider.activation and provider.told("not-on-phone"):
        text = N_("Open %(website)s at a computer and log in. On a phone the switch is missing there.")
    return (GuideStep("log-in", context.message(text)), *steps)


def drawing_of(path: MenuPath, provider: Provider) -> Drawing | None:
    """Return the drawing of the last page of `path` that its provider's file shows, None where it shows none."""
    if not path.drawings:
        return None
    drawn = max(path.drawings, key=lambda drawing: drawing.step)
    pressed = drawn.parts[drawn.pressed(path.steps[drawn.step - 1])]
    rows = tuple(_row(part) for part in drawn.parts)
    window = Window("provider", Kind.WEB, drawn.title or provider.website, rows, provider.sources)
    return Drawing(window.id, pressed.label, window)


def _row(part: DrawnPart) -> Control | tuple[Control, ...]:
    match part.kind:
        case "heading" | "text":
            return Words(part.label, heading=part.kind == "heading")
        case "menu" | "link":
            return Entry(part.label, opens=part.kind == "menu")
        case "switch":
            return Switch(part.label)
        case "tick":
            return Tick(part.label)
        case "tick-or-switch":
            return TickOrSwitch(part.label)
        case "field":
            return Field(part.label)
    return (Button(part.label, primary=True),)
