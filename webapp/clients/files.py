"""ZIP files that are the same byte for byte each time they are made."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that ZIP knows
_UNIX = 3


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of `files` in their order; a name that ends in / makes a folder.

    Dates, permissions and the system of origin are fixed.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            folder = name.endswith("/")
            entry.external_attr = (0o40755 << 16) | 0x10 if folder else 0o100644 << 16
            entry.compress_type = zipfile.ZIP_STORED if folder else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
    return buffer.getvalue()
