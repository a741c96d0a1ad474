"""Windows of the system itself, and the one of Thunderbird that no picture is taken of."""

from webapp.core.guides.drawings.types import Button, Choice, Entry, Kind, Window
from webapp.core.text import N_, NC_

_CHOOSER = "The same in the file windows of Windows, macOS and Linux (GTK): a folder, files, a button Open"

WINDOWS = (
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
    Window(
        "thunderbird-imap",
        Kind.DIALOG,
        N_("Connect your email settings"),
        (Choice("IMAP", on=True), Choice("POP3")),
        ("Thunderbird 153.8.0esr, German and English: IMAP is chosen already",),
    ),
)
