"""Windows of the system itself."""

from webapp.core.guides.drawings.types import Button, Entry, Kind, Window
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
)
