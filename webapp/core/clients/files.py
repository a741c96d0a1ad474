"""Reproducible ZIP files."""

import io
import zipfile
from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)  # ZIP's earliest date
_UNIX = 3


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of `files` in their order, with fixed dates and permissions; a name that ends in / is a folder."""
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
