"""The device plan: several devices fetch one mailbox by POP, and no mail may be lost.

POP deletes on the server only where a program asks for it, and no program knows of the others. So at most one device
clears the mailbox, after a number of days in which every other device fetches too; all the others leave everything
there. Only a program whose file can say “after N days” may be the one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webapp.account import KEEP_FOREVER, Retention
from webapp.clients import CLIENTS
from webapp.text import N_, Message

# Below this many days a holiday is enough for a device to miss mail.
DAYS_WITHOUT_WORRY = 14

# Programs that delete mail on the server unasked, and no file can stop them.
_DELETES_UNASKED = {
    ("apple-mail", "mac"): N_(
        "Mail on the Mac deletes mail at GMX after about 7 days without asking. Switch that off before it "
        "fetches mail for the first time."
    ),
}
_DELETES_BY_HAND = {
    "thunderbird": N_(
        "Use our file. If you set Thunderbird up by hand, it deletes mail at GMX after 14 days "
        "unless you remove the tick."
    ),
}
_BY_IMAP = N_(
    "With IMAP your mail lies at GMX and the app shows it. Nothing is moved, nothing is deleted by itself. But what "
    "you delete in the app is deleted at GMX too."
)


@dataclass(frozen=True, slots=True)
class Device:
    """One device: an id of CLIENTS, one of SYSTEMS, and what its owner calls it, "" for nothing."""

    client: str
    system: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class PlannedDevice:
    """What one device does with mail on the server, and what its owner must mind."""

    device: Device
    retention: Retention
    warnings: tuple[Message, ...] = ()

    @property
    def clears(self) -> bool:
        """Whether this device deletes mail on the server."""
        return self.retention != KEEP_FOREVER


@dataclass(frozen=True, slots=True)
class Plan:
    """What every device does. `keep` is what was wished for; it may be more than the programs can do."""

    devices: tuple[PlannedDevice, ...]
    keep: Retention

    @property
    def clearing(self) -> PlannedDevice | None:
        """The one device that deletes mail on the server, None where everything stays."""
        return next((planned for planned in self.devices if planned.clears), None)

    @property
    def is_safe(self) -> bool:
        """Whether every device gets every mail, as long as it fetches within the days of the plan."""
        return len(self.devices) == 1 or self.keep.leave_messages_on_server

    @property
    def falls_short(self) -> bool:
        """Whether mail stays longer than wished for, because no program can clear the mailbox safely."""
        return self.keep != KEEP_FOREVER and self.clearing is None

    @property
    def is_tight(self) -> bool:
        """Whether a device that rests for a while, as on a holiday, may miss mail."""
        days = self.clearing.retention.days_to_leave_messages_on_server if self.clearing else None
        return len(self.devices) > 1 and days is not None and days < DAYS_WITHOUT_WORRY


def can_clear(device: Device) -> bool:
    """Tell whether the file for this device makes it delete mail after a number of days."""
    client = CLIENTS.get(device.client)
    return client is not None and client.clears_after_days


def propose(devices: Sequence[Device], keep: Retention, can_clear: Callable[[Device], bool] = can_clear) -> Plan:
    """Return what each of `devices` does so that mail stays on the server as `keep` says and none is lost.

    The first device is the one in the person's hands. It alone does exactly what `keep` says where it is the only one,
    and where “fetch and delete” was demanded for several, which the person has confirmed (`Plan.is_safe` is False
    then).
    """
    if len(devices) == 1 or not keep.leave_messages_on_server:
        clearing: int | None = 0
    else:
        clearing = next((index for index, device in enumerate(devices) if can_clear(device)), None)
    planned = []
    for index, device in enumerate(devices):
        retention = keep if index == clearing else KEEP_FOREVER
        planned.append(PlannedDevice(device, retention, _warnings(device, alone=len(devices) == 1)))
    return Plan(tuple(planned), keep)


def _warnings(device: Device, *, alone: bool) -> tuple[Message, ...]:
    found = [_DELETES_UNASKED.get((device.client, device.system or "")), _DELETES_BY_HAND.get(device.client)]
    client = CLIENTS.get(device.client)
    if client is not None and not client.speaks_pop:
        found = [_BY_IMAP]
    elif not alone and (client is None or not client.formats or client.id == "other"):
        found.append(N_("In that program, set by hand that mail stays on the server."))
    return tuple(Message(text) for text in found if text)
