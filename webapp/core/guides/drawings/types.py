"""What a drawn window is made of. Labels are `N_` or `NC_` texts: the program's own words."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The frame around the controls."""

    DIALOG = "dialog"
    MAC = "mac"
    MENU = "menu"
    PHONE = "phone"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Words:
    """Words between the controls: a heading, or a line of text."""

    label: str
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field with its label above. value: what stands in it; {address} and the like stand for the person's own.

    secret: dots instead of letters; choice: opens a list; short: a number, at the right of its label.
    """

    label: str
    value: str = ""
    secret: bool = False
    choice: bool = False
    short: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """A button; the primary one is filled. quiet: only its words."""

    label: str
    primary: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """A box to tick. number: the name of a value that stands in a field of its own, where the label has its “…”."""

    label: str
    on: bool = True
    number: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several, of which one is taken."""

    label: str
    on: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch that is on or off."""

    label: str
    on: bool = True


@dataclass(frozen=True, slots=True)
class TickOrSwitch:
    """Something that is a box for some people and a switch for others: both are drawn, and set."""

    label: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list or menu. icon: a name from `shapes`; opens: leads to another page; chosen: marked."""

    label: str
    detail: str = ""
    icon: str = ""
    opens: bool = False
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Tabs:
    """Tabs side by side; `active` is one of `labels`."""

    labels: tuple[str, ...]
    active: str


@dataclass(frozen=True, slots=True)
class Icon:
    """A button that bears a sign. label: its name, written beside it; shape: a name from `shapes`."""

    label: str
    shape: str
    bare: bool = False  # the name is not written


Control = Words | Field | Button | Tick | Choice | Switch | TickOrSwitch | Entry | Tabs | Icon


@dataclass(frozen=True, slots=True)
class Window:
    """A drawn window: the control to press and its neighbours, as far as the sources say.

    id: kebab-case. title: what stands on the window. rows: from top to bottom; a tuple stands side by side.
    sources: where the words are documented, and from when.
    whole: nothing more stands below; else the window is torn off there.
    """

    id: str
    kind: Kind
    title: str
    rows: tuple[Control | tuple[Control, ...], ...]
    sources: tuple[str, ...]
    whole: bool = False

    @property
    def controls(self) -> tuple[Control, ...]:
        return tuple(control for row in self.rows for control in (row if isinstance(row, tuple) else (row,)))

    def bearing(self, label: str) -> Control | None:
        """Return the control that bears `label`, a tab included."""
        return next((control for control in self.controls if label in labels_of(control)), None)


def labels_of(control: Control) -> tuple[str, ...]:
    """Return the labels that can be ringed."""
    if isinstance(control, Tabs):
        return control.labels
    return () if isinstance(control, Words) else (control.label,)
