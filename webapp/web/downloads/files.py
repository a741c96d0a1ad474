"""The content of a download link, and the files generated from it.

The person's own devices come first, each with its retention. Other programs are offered for further devices, always
with retention `forever`, so that they delete no mail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from webapp.core.account import KEEP_FOREVER, MailAccount, Retention, ServerType
from webapp.core.clients import CLIENTS, Client, Export, ExportOptions
from webapp.core.providers import Provider
from webapp.core.systems import SYSTEMS, System
from webapp.core.text import InputError
from webapp.infrastructure.config import current_config, current_providers
from webapp.web.downloads import links


@dataclass(frozen=True, slots=True)
class WishedDevice:
    """One device in plain values. keep: as `Retention.parse` reads it. name: of the device's owner, "" for none."""

    client: str
    system: str | None
    keep: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """The stored content of a link, in plain values; files are generated per request.

    provider: id. profile, locale: as in ExportOptions. file_token: makes file names unique.
    protocol: IMAP has no files.
    """

    email_address: str
    name: str
    provider: str
    profile: str
    locale: str
    file_token: str
    devices: tuple[WishedDevice, ...]
    smtp_port: int | None = None
    protocol: str = ServerType.POP3

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Wish:
        return cls(**{**content, "devices": tuple(WishedDevice(**device) for device in content["devices"])})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def clearing(self) -> Retention:
        """Retention of the deleting device, or forever."""
        kept = (Retention.parse(device.keep) for device in self.devices)
        return next((keep for keep in kept if keep != KEEP_FOREVER), KEEP_FOREVER)

    def is_known(self) -> bool:
        """Whether provider and programs still exist."""
        return self.provider in current_providers() and all(device.client in CLIENTS for device in self.devices)

    def mail_provider(self) -> Provider:
        return current_providers()[self.provider]

    def offers(self) -> list[Offer]:
        """Return an offer for each device, then for every other program with files."""
        named = [Offer(self, device, str(number)) for number, device in enumerate(self.devices, 1)]
        if self.protocol == ServerType.IMAP:
            return named
        taken = {(device.client, device.system) for device in self.devices}
        for system in SYSTEMS.values():
            for client in system.clients():
                if (client.id, system.id) not in taken and client.formats:
                    further = WishedDevice(client.id, system.id, "forever")
                    named.append(Offer(self, further, f"{system.id}-{client.id}"))
        return named

    def find_file(self, file_name: str) -> tuple[Offer, str, Export] | None:
        """Return offer, format and export for a file name, or None."""
        for offer in self.offers():
            for format_, export in offer.exports():
                if export.file_name == file_name:
                    return offer, format_, export
        return None


def find_wish(token: str) -> Wish:
    """Return the content of a link; raises ExpiredLinkError or LookupError.

    Content of an incompatible version, or for a removed provider or program, counts as expired.
    """
    content = links.find(token)
    try:
        wish = Wish.of_json(content)
    except (KeyError, TypeError):
        raise links.ExpiredLinkError from None
    if not wish.is_known():
        raise links.ExpiredLinkError
    return wish


@dataclass(frozen=True, slots=True)
class Offer:
    """The files for one device. key: id within the wish; "1" is the person's current device."""

    wish: Wish
    device: WishedDevice
    key: str

    @property
    def client(self) -> Client:
        return CLIENTS[self.device.client]

    @property
    def system(self) -> System | None:
        return SYSTEMS.get(self.device.system or "")

    @property
    def retention(self) -> Retention:
        return Retention.parse(self.device.keep)

    @property
    def protocol(self) -> ServerType:
        """POP3, or IMAP where it was asked for and the program can be led there."""
        return ServerType(self.wish.protocol) if self.client.by_hand else ServerType.POP3

    @property
    def is_further(self) -> bool:
        """Whether the person did not name this program; retention is `forever` then."""
        return not self.key.isdecimal()

    @property
    def guide_has_values(self) -> bool:
        """Whether the program's guide gives the values to type in: those for IMAP only where the provider has it."""
        has_imap = self.wish.mail_provider().imap is not None
        return self.client.by_hand and (self.client.speaks_pop or self.client.ended or has_imap)

    @property
    def apple_device(self) -> str | None:
        """`iphone`, `mac` or None, as in ExportOptions."""
        return self.device.system if self.device.system in ("iphone", "mac") else None

    def account(self, smtp_port: int | None = None) -> MailAccount:
        """Return the mail account; raises KeyError where its provider was removed."""
        wish = self.wish
        smtp_port = smtp_port or wish.smtp_port
        return wish.mail_provider().account(
            wish.email_address, name=wish.name, retention=self.retention, smtp_port=smtp_port
        )

    def export(self, format_: str | None = None, smtp_port: int | None = None) -> Export | None:
        """Return the file in `format_`, by default the client's first; None where it cannot be made, and for IMAP."""
        if self.protocol is ServerType.IMAP:
            return None
        try:
            made = self.client.export(self.account(smtp_port), self._options(format_))
        except InputError:  # no file for this program, or none that can hold this address
            return None
        return replace(made, file_name=self._unique(made.file_name))

    def exports(self) -> Iterator[tuple[str, Export]]:
        for format_ in self.client.formats:
            if made := self.export(format_):
                yield format_, made

    def _options(self, format_: str | None) -> ExportOptions:
        token = self.wish.file_token
        return current_config().export_options(
            self.wish.locale,
            format=format_,
            device=self.apple_device,
            profile=self.wish.profile,
            file_token=token + self._mark().replace("-", "") if token else "",
        )

    def _mark(self) -> str:
        """Return the suffix that tells this offer's file names from those of other devices."""
        return "" if self.key == "1" else self.key

    def _unique(self, file_name: str) -> str:
        """Return the file name with the suffix, unless it contains `file_token` already."""
        mark, token = self._mark(), self.wish.file_token
        if not mark or (token and token in file_name):
            return file_name
        stem, dot, suffix = file_name.partition(".")
        return f"{stem}-{mark}{dot}{suffix}"
