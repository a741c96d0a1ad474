# Becomes __main__.py of gmx-pop-check.pyz. Until the version is known, only what the oldest Python understands.
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

from webapp.check_file import older

older.prepare()

from webapp.check_file.program import main  # noqa: E402  after what it needs

sys.exit(main())
