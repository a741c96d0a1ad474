"""Windows of the system itself, and of the browsers that come with a phone."""

from webapp.core.guides.drawings.types import Button, Entry, Icon, Kind, Tick, Window
from webapp.core.text import N_, NC_

_CHOOSER = "The same in the file windows of Windows, macOS and Linux (GTK): a folder, files, a button Open"
_SAFARI = "support.apple.com, iPhone User Guide, Safari: Page Menu button, Request Desktop Website; before iOS 18: aA"
_CHROME = "support.google.com/chrome 10416862: More, Desktop site"

DESKTOP_SAFARI, DESKTOP_CHROME = N_("Request Desktop Website"), N_("Desktop site")

WINDOWS = (
    Window(
        "safari-desktop-site",
        Kind.PHONE,
        "Safari",
        ((Icon(NC_("safari", "Page menu"), "lined", bare=True), Button("aA")), Entry(DESKTOP_SAFARI)),
        (_SAFARI,),
    ),
    Window(
        "chrome-desktop-site",
        Kind.PHONE,
        "Chrome",
        ((Button("⋮", quiet=True),), Tick(DESKTOP_CHROME)),
        (_CHROME,),
    ),
    Window(
        "file-chooser",
        Kind.DIALOG,
        NC_("system", "Open"),
        (
            Entry(N_("Downloads"), icon="folder"),
            Entry("{file}", icon="file", chosen=True),
            (Button(NC_("system", "Open"), primary=True),),
        ),
        (_CHOOSER,),
    ),
)
