"""What a link holds, and the files that are made of it.

A person's devices come first, each with what it leaves on the server. Further programs are offered for other devices
that open the link: they leave everything there, so that nobody loses a mail by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from webapp.account import KEEP_FOREVER, MailAccount, Retention
from webapp.clients import CLIENTS, Client, Export, ExportOptions
from webapp.config import current_config, current_providers
from webapp.downloads import links
from webapp.providers import DEFAULT_SMTP_PORT, Provider
from webapp.systems import SYSTEMS, System
from webapp.text import InputError

OTHER_SMTP_PORT = 587


@dataclass(frozen=True, slots=True)
class WishedDevice:
    """One device in plain values. `keep` is what `Retention.parse` reads; `name` is the owner's, "" for none."""

    client: str
    system: str | None
    keep: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """One person's files in plain values: the link keeps these, each request makes the bytes anew.

    provider: its id. profile and locale as in ExportOptions. file_token: what makes file names unique.
    """

    email_address: str
    name: str
    provider: str
    profile: str
    locale: str
    file_token: str
    devices: tuple[WishedDevice, ...]

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Wish:
        return cls(**{**content, "devices": tuple(WishedDevice(**device) for device in content["devices"])})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def clearing(self) -> Retention:
        """What the one device leaves on the server that deletes there; everything where none does."""
        kept = (Retention.parse(device.keep) for device in self.devices)
        return next((keep for keep in kept if keep != KEEP_FOREVER), KEEP_FOREVER)

    def is_known(self) -> bool:
        """Return whether provider and programs are still installed here."""
        return self.provider in current_providers() and all(device.client in CLIENTS for device in self.devices)

    def mail_provider(self) -> Provider:
        return current_providers()[self.provider]

    def offers(self) -> list[Offer]:
        """Return an offer for each device, and then for each program of every system that is none of these."""
        named = [Offer(self, device, str(number)) for number, device in enumerate(self.devices, 1)]
        taken = {(device.client, device.system) for device in self.devices}
        for system in SYSTEMS.values():
            for client in system.clients():
                if (client.id, system.id) not in taken and client.formats:
                    further = WishedDevice(client.id, system.id, "forever")
                    named.append(Offer(self, further, f"{system.id}-{client.id}"))
        return named

    def find_file(self, file_name: str) -> tuple[Offer, str, Export] | None:
        """Return the offer, format and export of a file name, or None."""
        for offer in self.offers():
            for format_, export in offer.exports():
                if export.file_name == file_name:
                    return offer, format_, export
        return None


def find_wish(token: str) -> Wish:
    """Return what the link holds; raises ExpiredLinkError where it is over, or LookupError.

    A link made by another version of ours, or for a provider or program taken away since, counts as over.
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
    """The files for one device. `key` names it within its wish: 1 is the device in the person's hands."""

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
    def is_further(self) -> bool:
        """Whether it is for a program that the person did not name: it leaves all mail on the server."""
        return not self.key.isdecimal()

    @property
    def apple_device(self) -> str | None:
        """`iphone`, `mac` or None, as in ExportOptions."""
        return self.device.system if self.device.system in ("iphone", "mac") else None

    def account(self, smtp_port: int = DEFAULT_SMTP_PORT) -> MailAccount:
        """Return the mail account; raises KeyError where its provider is not installed any more."""
        wish = self.wish
        return wish.mail_provider().account(
            wish.email_address, name=wish.name, retention=self.retention, smtp_port=smtp_port
        )

    def export(self, format_: str | None = None, smtp_port: int = DEFAULT_SMTP_PORT) -> Export | None:
        """Return the file in `format_`, by default the program's first; None where there is none."""
        try:
            made = self.client.export(self.account(smtp_port), self._options(format_))
        except InputError:  # a program without a file, or a file that cannot hold this address
            return None
        return replace(made, file_name=self._unique(made.file_name))

    def exports(self) -> Iterator[tuple[str, Export]]:
        """Yield format and file, for every format of the program."""
        for format_ in self.client.formats:
            if made := self.export(format_):
                yield format_, made

    def _options(self, format_: str | None) -> ExportOptions:
        config = current_config()
        token = self.wish.file_token
        return ExportOptions(
            format=format_,
            device=self.apple_device,
            profile=self.wish.profile,
            locale=self.wish.locale,
            host=config.public_host,
            organization=config.operator_name,
            file_token=token + self._mark().replace("-", "") if token else "",
        )

    def _mark(self) -> str:
        """Return what sets this offer's file names apart from those of the wish's other devices."""
        return "" if self.key == "1" else self.key

    def _unique(self, file_name: str) -> str:
        """Return the file name with the mark, unless it already holds the token that does."""
        mark, token = self._mark(), self.wish.file_token
        if not mark or (token and token in file_name):
            return file_name
        stem, dot, suffix = file_name.partition(".")
        return f"{stem}-{mark}{dot}{suffix}"
