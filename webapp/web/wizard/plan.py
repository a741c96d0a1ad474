"""The device plan: several devices fetch one mailbox by POP, and no mail may be lost.

POP deletes on the server only where a program asks for it, and no program knows of the others. So at most one device
clears the mailbox, after a number of days in which every other device fetches too; all the others leave everything
there. Only a program whose file can say “after N days” may be the one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.core.account import KEEP_FOREVER, Retention
from webapp.core.clients import CLIENTS, Keeping, SetBy
from webapp.core.text import N_, Message

# Below this many days a holiday is enough for a device to miss mail.
DAYS_WITHOUT_WORRY = 14

QUICK_DAYS = (30, 14)

_BY_IMAP = N_(
    "With IMAP your mail lies at %(provider)s and the app shows it. Nothing is moved, nothing is deleted by itself. "
    "But what you delete in the app is deleted at %(provider)s too."
)


@dataclass(frozen=True, slots=True)
class Device:
    """One device: an id of CLIENTS, one of SYSTEMS, and what its owner calls it, "" for nothing."""

    client: str
    system: str | None = None
    name: str = ""

    @property
    def keeping(self) -> Keeping:
        """What its program can do with mail on the server; one that we do not know leaves it there."""
        client = CLIENTS.get(self.client)
        return client.keeping(self.system) if client else Keeping(SetBy.PROGRAM)


@dataclass(frozen=True, slots=True)
class Choices:
    """What can come true on a person's devices besides “for ever”.

    numbers: the days to choose from at once, empty where no program can; any_number: whether others may be typed.
    """

    numbers: tuple[int, ...]
    any_number: bool
    delete: bool

    def __contains__(self, keep: Retention) -> bool:
        if not keep.leave_messages_on_server:
            return self.delete
        days = keep.days_to_leave_messages_on_server
        return days is None or self.any_number or days in self.numbers

    @property
    def is_one(self) -> bool:
        """Whether there is nothing to choose: everything stays."""
        return not self.numbers and not self.delete


@dataclass(frozen=True, slots=True)
class PlannedDevice:
    """What one device does with mail on the server, and what its owner must mind."""

    device: Device
    retention: Retention
    warnings: tuple[Message, ...] = ()

    @property
    def clears(self) -> bool:
        return self.retention != KEEP_FOREVER

    @property
    def way(self) -> str:
        """The way through the menus to what must be set by hand, marked with `N_`; "" for nothing or unknown."""
        keeping = self.device.keeping
        return keeping.way if keeping.set_by(self.retention) is SetBy.PERSON else ""


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """What every device does. `keep` is what was wished for."""

    devices: tuple[PlannedDevice, ...]
    keep: Retention

    @property
    def clearing(self) -> PlannedDevice | None:
        """The one device that deletes mail on the server, None where everything stays."""
        return next((planned for planned in self.devices if planned.clears), None)

    @property
    def is_tight(self) -> bool:
        """Whether a device that rests for a while, as on a holiday, may miss mail."""
        days = self.clearing.retention.days_to_leave_messages_on_server if self.clearing else None
        return len(self.devices) > 1 and days is not None and days < DAYS_WITHOUT_WORRY


def can_clear(device: Device) -> bool:
    """Tell whether the file for this device makes it delete mail after a number of days."""
    return device.keeping.days is SetBy.FILE


def choices(devices: Sequence[Device]) -> Choices:
    """Return what can come true on `devices`, the one in the person's hands first.

    With several, days are cleared by a file alone (see `can_clear`).
    """
    own = devices[0].keeping
    delete = own.delete is not SetBy.NOTHING
    if len(devices) > 1:
        clears = any(map(can_clear, devices))
        return Choices(QUICK_DAYS if clears else (), clears, delete)
    if own.days is SetBy.NOTHING:
        return Choices((), any_number=False, delete=delete)
    return Choices(own.numbers or QUICK_DAYS, not own.numbers, delete)


def propose(devices: Sequence[Device], keep: Retention) -> DevicePlan:
    """Return what each of `devices` does so that mail stays on the server as `keep` says and none is lost.

    The first device is the one in the person's hands. It alone does exactly what `keep` says where it is the only one,
    and where “fetch and delete” was demanded for several, which the person has confirmed.
    """
    if len(devices) == 1 or not keep.leave_messages_on_server:
        clearing: int | None = 0
    else:
        clearing = next((index for index, device in enumerate(devices) if can_clear(device)), None)
    planned = []
    for index, device in enumerate(devices):
        retention = keep if index == clearing else KEEP_FOREVER
        planned.append(PlannedDevice(device, retention, _warnings(device, alone=len(devices) == 1)))
    return DevicePlan(tuple(planned), keep)


def _warnings(device: Device, *, alone: bool) -> tuple[Message, ...]:
    found = [device.keeping.warning]
    client = CLIENTS.get(device.client)
    if client is not None and not client.speaks_pop:
        found = [_BY_IMAP]
    elif not alone and (client is None or not client.formats or client.id == "other"):
        found.append(N_("In that program, set by hand that mail stays on the server."))
    return tuple(Message(text) for text in found if text)
