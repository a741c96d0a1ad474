"""Reproducible ZIP files."""

import io
import zipfile
from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)  # ZIP's earliest date
_UNIX = 3


def entry(name: str, *, compressed: bool = True) -> zipfile.ZipInfo:
    """Return an entry with a fixed date and fixed permissions; a name that ends in / is a folder."""
    made = zipfile.ZipInfo(name, _EPOCH)
    made.create_system = _UNIX
    folder = name.endswith("/")
    made.external_attr = (0o40755 << 16) | 0x10 if folder else 0o100644 << 16
    made.compress_type = zipfile.ZIP_DEFLATED if compressed and not folder else zipfile.ZIP_STORED
    return made


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of `files` in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(entry(name), content, compresslevel=9)
    return buffer.getvalue()
