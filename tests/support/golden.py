"""The golden files: which answers lead to which file, and readable forms of binary exports.

`TEXTS` and `BINARIES` list for each format the answers that change its bytes. All others must change nothing, so each
content has one file. Texts are stored verbatim for gmx.net; gmx.com's differ by the words in `gmx.com.toml`. ZIPs and QR
codes are stored as a listing and a drawing, their bytes as a digest. WEB.DE and mail.com, with servers, user names and
pauses of their own, have each text once: what the answers change is the same there. A provider that is added needs none.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import stat
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support import qr
from webapp.core import providers
from webapp.core.account import MailAccount, Retention
from webapp.core.clients import CLIENTS, ExportOptions

FOLDER = Path(__file__).parents[1] / "golden"
DIGESTS = FOLDER / "binaries.sha256"
WORDS = FOLDER / "gmx.com.toml"

Format = tuple[str, str]  # client id, format

# "stays" is `keep` for formats without a number of days: "forever" and "14" are the same.
TEXTS: Mapping[Format, tuple[str, ...]] = {
    ("apple-mail", "mobileconfig"): ("port", "locale", "device"),
    ("fairemail", "k9s"): ("stays", "port"),
    ("fetchmail", "fetchmailrc"): ("stays", "locale"),
    ("getmail", "getmailrc"): ("keep", "locale"),
    ("mpop", "mpoprc"): ("stays", "locale"),
    ("msmtp", "msmtprc"): ("port", "locale"),
    ("other", "txt"): ("keep", "port", "locale"),
    ("outlook", "prf"): ("keep", "port", "profile"),
    ("thunderbird", "autoconfig"): ("keep", "port"),
    ("thunderbird", "userjs"): ("keep", "port"),
    ("thunderbird-android", "k9s"): ("stays", "port"),
    ("thunderbird-android", "qr-payload"): ("port",),
}
BINARIES: Mapping[Format, tuple[str, ...]] = {
    ("outlook", "zip"): ("provider", "keep", "port", "profile"),
    ("thunderbird", "zip"): ("provider", "keep", "port"),
    ("thunderbird-android", "qr-png"): ("provider", "port"),
    ("thunderbird-android", "qr-svg"): ("provider", "port"),
}

_ADDRESSES = {"gmx.net": "beispiel@gmx.de", "gmx.com": "example@gmx.com"}
_BRANDS = {"web.de": ("beispiel@web.de", "de"), "mail.com": ("example@mail.com", "en")}
_PROVIDERS = providers.load()


@dataclass(frozen=True, slots=True)
class Answers:
    """The parameters of an export. The providers are two built-in ones, whatever else is installed."""

    provider: str
    keep: str
    port: str
    locale: str
    device: str
    profile: str

    @property
    def stays(self) -> str:
        return "delete" if self.keep == "delete" else "stay"

    def named(self, *names: str) -> str:
        return "-".join(getattr(self, name) for name in names)

    def account(self) -> MailAccount:
        return _PROVIDERS[self.provider].account(
            _BRANDS[self.provider][0] if self.provider in _BRANDS else _ADDRESSES[self.provider],
            name="Jörg Beispiel",
            retention=Retention.parse(self.keep),
            smtp_port=int(self.port),
        )

    @cache  # noqa: B019  of constants
    def export(self, client: str, format_: str) -> bytes:
        options = ExportOptions(
            format=format_, locale=self.locale, device=self.device, profile=self.profile, host="setup.example"
        )
        return CLIENTS[client].export(self.account(), options).content


ANSWERS = [
    Answers(*values, *pair)
    for *values, pair in itertools.product(
        _ADDRESSES,
        ("forever", "14", "delete"),
        ("465", "587"),
        ("de", "en"),
        (("iphone", "existing"), ("mac", "new")),  # together: no program uses both
    )
]

BRANDS = [Answers(brand, "14", "465", locale, "iphone", "existing") for brand, (_, locale) in _BRANDS.items()]


def file_of(format_: Format, answers: Answers) -> str:
    """Return the golden file of this export, relative to `FOLDER`; exports may share one."""
    client, name = format_
    if client == "fairemail":
        client = "thunderbird-android"  # whose file it is
    if answers.provider in _BRANDS:
        return f"{answers.provider}/{client}.{name}"
    if name == "zip":
        return f"{client}/zip.txt"  # the varying file inside has a golden file of its own
    if format_ in BINARIES:
        return f"{client}/{answers.named('provider', 'port')}.qr.txt"  # PNG and SVG show the same code
    return f"{client}/{answers.named(*TEXTS[format_])}.{name}"


def binary_of(format_: Format, answers: Answers) -> str:
    """Return the name of a binary export in the file of digests."""
    return f"{format_[0]}/{answers.named(*BINARIES[format_])}.{format_[1]}"


def cases() -> Iterator[tuple[Format, Answers]]:
    """Every format with every combination of answers."""
    yield from itertools.product((*TEXTS, *BINARIES), ANSWERS)
    yield from itertools.product(TEXTS, BRANDS)


def shown(format_: Format, answers: Answers) -> bytes:
    """Return the export in the form of its golden file."""
    content = answers.export(*format_)
    view = _VIEWS.get(format_)
    return view(content, answers).encode() if view else content


def expected(format_: Format, answers: Answers) -> bytes:
    """Return the expected result of `shown`: the golden file, for gmx.com's texts with its words replaced."""
    content = (FOLDER / file_of(format_, answers)).read_bytes()
    if format_ in TEXTS and answers.provider == "gmx.com":
        for old, new in _words().items():
            content = content.replace(old.encode(), new.encode())
    return content


@cache
def _words() -> Mapping[str, str]:
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def listing(content: bytes, elsewhere: Mapping[bytes, str]) -> str:
    """Return a ZIP's entries in order, with their texts; a content in `elsewhere` is named instead of repeated."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    lines = [f"comment: {archive.comment!r}"]
    for entry in archive.infolist():
        inner = archive.read(entry)
        lines.append(
            f"{stat.filemode(entry.external_attr >> 16)} {zipfile.compressor_names[entry.compress_type]} "
            f"{entry.date_time} system {entry.create_system} extra {entry.extra!r} {entry.filename}"
        )
        lines += [f"    | {line}".rstrip() for line in _inner(inner, elsewhere)] if not entry.is_dir() else []
    return "\n".join(lines) + "\n"


def _inner(content: bytes, elsewhere: Mapping[bytes, str]) -> list[str]:
    if content in elsewhere:
        return [f"({elsewhere[content]})"]
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return [f"({len(content)} octets, SHA-256 {digest(content)})"]
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        return ["(lines end with CR LF)", *text.removesuffix("\r\n").split("\r\n")]
    return text.split("\n")


def drawing(modules: qr.Modules) -> str:
    """Return the payload of a QR code and its modules, two rows per line."""
    rows = [*modules, [False] * len(modules)] if len(modules) % 2 else modules
    pairs = zip(rows[::2], rows[1::2], strict=True)
    lines = ["".join(" ▄▀█"[2 * above + below] for above, below in zip(*pair, strict=True)) for pair in pairs]
    return "\n".join([qr.text_of(modules), "", *(line.rstrip() for line in lines), ""])


@cache
def _png_drawing(content: bytes) -> str:
    return drawing(qr.modules_of_png(content, scale=6))


@cache
def _svg_drawing(content: bytes) -> str:
    return drawing(qr.modules_of_svg(content))


def _zip_with(inner: str) -> Callable[[bytes, Answers], str]:
    def view(content: bytes, answers: Answers) -> str:
        client = "outlook" if inner == "prf" else "thunderbird"
        return listing(content, {answers.export(client, inner): f"the same as the .{inner} for the same answers"})

    return view


_VIEWS: Mapping[Format, Callable[[bytes, Answers], str]] = {
    ("outlook", "zip"): _zip_with("prf"),
    ("thunderbird", "zip"): _zip_with("userjs"),
    ("thunderbird-android", "qr-png"): lambda content, _: _png_drawing(content),
    ("thunderbird-android", "qr-svg"): lambda content, _: _svg_drawing(content),
}
