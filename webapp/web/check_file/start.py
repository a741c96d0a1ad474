# Becomes __main__.py of gmx-pop-check.pyz. Until the version is checked, only syntax of old Pythons.
import sys

if sys.version_info < (3, 9):
    sys.stderr.write(
        "Diese Pruefung braucht Python 3.9 oder neuer. Hier laeuft Python "
        + sys.version.split()[0]
        + ".\nThis check needs Python 3.9 or newer. This is Python "
        + sys.version.split()[0]
        + ".\n"
    )
    sys.exit(2)

from webapp.web.check_file import older

older.prepare()

from webapp.web.check_file.program import main  # noqa: E402  after what it needs

sys.exit(main())
