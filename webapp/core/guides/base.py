"""The types of a guide: what a person does in their mail program, one step at a time.

Texts are `Message`s, words of a program are marked with `N_`, or with `NC_` where one English word has two German
ones (“Finish” is „Beenden“ in one window and „Abschließen“ in another). Both are translated at the edge.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from webapp.core.account import KEEP_FOREVER, MailAccount, Retention, ServerType
from webapp.core.guides.drawings import SAMPLE, WINDOWS, Window, values_of
from webapp.core.providers import Provider
from webapp.core.text import N_, Message, Translations

WORDS_MAX = 25  # of a step's text, in every language

_PASSWORDS = {
    "yes": N_("your app password"),
    "no": N_("your %(provider)s password"),
    "": N_("your %(provider)s password, or the app password if you have one"),
}


class Way(StrEnum):
    """How the account gets into the program.

    PROGRAM is by hand too, in the program itself, where the better way by hand begins elsewhere.
    """

    FILE = "file"
    QR = "qr"
    HAND = "hand"
    PROGRAM = "program"


WAYS = {
    Way.FILE: N_("With the file"),
    Way.QR: N_("With a QR code"),
    Way.HAND: N_("By hand"),
    Way.PROGRAM: N_("By hand, in the program itself"),
}


class Gives(StrEnum):
    """What a step hands out."""

    FILE = "file"
    QR = "qr"


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A picture taken from the real program.

    It lies at static/guides/<client>/<locale>/<name>.webp (or .png); the file pictures.json beside it holds, by name,
    {"file", "width", "height", "ring": [x, y, width, height], "label", "version"} in pixels of the picture.
    alt: what to press. ring: the label of the control to press, as it stands in the step's way or among its values.
    """

    name: str
    alt: Message
    ring: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn window, for programs that cannot run here. `id` names it in `webapp.core.guides.drawings`.

    ring: the label of the control to press, as it stands in the step's way; "" rings nothing.
    window: of a provider's page, which its file describes.
    """

    id: str
    ring: str = ""
    window: Window | None = None

    @property
    def shown(self) -> Window:
        return self.window or WINDOWS[self.id]


Picture = Screenshot | Drawing


@dataclass(frozen=True, slots=True)
class Value:
    """Something to type in. `label` is an `N_` text; a `Message` as value is told, not copied (“your own password”)."""

    label: str
    value: str | Message

    @property
    def copied(self) -> bool:
        return isinstance(self.value, str)


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What helps who does not see what a step says: another interface, a window in the way.

    step: the id of the step to go on with, "" to stay. instead: another way through the whole guide.
    """

    text: Message
    way: tuple[str, ...] = ()
    step: str = ""
    instead: Way | None = None
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One step: one instruction, one window.

    id: kebab-case, unique in the guide, the same in each variant; part of the URL.
    text: one instruction, at most `WORDS_MAX` words.
    way: the labels to press, one after the other, as the program bears them.
    values: what is typed in here. gives: the file or QR code that is needed here.
    note: one calm line, where a step is not proved or where something is worth knowing.
    say: what an agent says on the telephone, where it is more than `text`.
    otherwise: what helps who does not see this.
    outside: it begins outside the program, or says itself where to go: as the first one it does not say to open it.
    """

    id: str
    text: Message
    way: tuple[str, ...] = ()
    picture: Picture | None = None
    values: tuple[Value, ...] = ()
    note: Message | None = None
    say: Message | None = None
    otherwise: tuple[Otherwise, ...] = ()
    gives: Gives | None = None
    outside: bool = False

    @property
    def spoken(self) -> Message:
        """What an agent says: `say`, else the text, and the way from the first label on that it does not name."""
        return self.say or Spoken(self.text.text, self.text.values, self.text.plural, self.way)


# What stands on a page → what is said in its place.
_FOR_THE_EAR: Mapping[str, str] = {
    N_("Type this in."): N_("Type in what I read out."),
    N_("and type this in"): N_("and type in what I read out"),
    "≡": N_("with the three lines"),
}


_ADDRESS = N_("your address")
_TICK, _TICK_AT = N_("this tick"), N_("the tick at “%(label)s”")


@dataclass(frozen=True, slots=True)
class Spoken(Message):
    """A step's text as it is read out: with the labels of its `way` in their order, and no sign that cannot be said."""

    way: tuple[str, ...] = ()

    def translated(self, translations: Translations) -> str:
        """Return the sentences: what to do, then what to press."""
        # Not super(): of a class with slots it is another one.
        text = Message.translated(self, translations)
        for shown, said in _FOR_THE_EAR.items():
            text = text.replace(translations.gettext(shown), translations.gettext(said))
        # An address stands in a list; the text says so.
        words = [Message(word).translated(translations) for word in self.way if word != _ADDRESS and "@" not in word]
        labels = [word for word in words if any(map(str.isalpha, word))]
        tick = translations.gettext(_TICK)
        if tick in text and labels:  # the way to it comes first, then the tick by its name
            text = text.replace(tick, Message(_TICK_AT, {"label": labels.pop()}).translated(translations))
            return f"{_pressed(labels, translations)} {text}" if labels else text
        unnamed = next((place for place, label in enumerate(labels) if not _is_named(label, text)), None)
        return text if unnamed is None else f"{text} {_pressed(labels[unnamed:], translations)}"


def _is_named(label: str, text: str) -> bool:
    """Whether `text` quotes the label or its beginning, or says it as its own word: “Save.”, “Choose POP.”"""
    word = re.escape(label)
    own = rf"\b{word}\b" if label.isupper() else rf"(?:^|[.?!] ){word}\b"
    if re.search(rf"[„“]{word}(?: …[^“”]*)?[“”]|{own}", text):
        return True
    return label.startswith(tuple(re.findall("[„“]([^„“”]+) …[“”]", text)))


def _pressed(labels: list[str], translations: Translations) -> str:
    return Message(N_("Press %(labels)s."), {"labels": _labels(tuple(labels))}).translated(translations)


def _labels(way: tuple[str, ...]) -> Message:
    first, *rest = way
    if not rest:
        return Message(N_("“%(label)s”"), {"label": first})
    return Message(N_("“%(label)s”, then %(rest)s"), {"label": first, "rest": _labels(tuple(rest))})


@dataclass(frozen=True, slots=True)
class Context:
    """What a guide is chosen by.

    client: an id of `CLIENTS`. system: an id of `SYSTEMS`, None for unknown.
    account: None where nobody gave an address; the values are then the provider's.
    way: None for the guide's first. version: of the program, "" for the newest.
    in_use: whether the program has accounts already; None for unknown.
    two_factor: whether the person logs in with a code from an app: "yes", "no", "" for unknown.
    file_name: of the download; profile: of classic Outlook, "existing" or "new".
    protocol: POP3, or IMAP for who wants the same on every device.
    """

    client: str
    provider: Provider
    account: MailAccount | None = None
    system: str | None = None
    way: Way | None = None
    version: str = ""
    in_use: bool | None = None
    retention: Retention = KEEP_FOREVER
    two_factor: str = ""
    file_name: str = ""
    profile: str = "existing"
    protocol: ServerType = ServerType.POP3

    @property
    def by_imap(self) -> bool:
        return self.protocol is ServerType.IMAP

    @property
    def password(self) -> Message:
        """Which password the program wants, as part of a sentence."""
        kind = self.two_factor if self.provider.app_password else "no"
        return Message(_PASSWORDS[kind], {"provider": self.provider.name})

    @property
    def drawn(self) -> dict[str, str]:
        """What stands in the fields of drawings: the person's, else of somebody with an address of the provider."""
        account = self.account
        if account is None:
            somebody = self.provider.account(f"anna.beispiel@{self.provider.main_domain}", name=SAMPLE["name"])
            account = replace(somebody, incoming=self.provider.server(self.protocol))
        return values_of(account, self.file_name)

    def message(self, text: str, **values: str | int | Message) -> Message:
        """Return the `N_` text with `values` and what a guide knows: %(provider)s, %(website)s, %(password)s."""
        provider = self.provider
        known: dict[str, str | int | Message] = {
            "provider": provider.name,
            "website": provider.website,
            "password": self.password,
        }
        return Message(text, {**known, **values})


Steps = Callable[[Context], tuple[GuideStep, ...]]


@dataclass(frozen=True, slots=True)
class Source:
    """The guide of one client before anything is chosen: its ways, the one we recommend first, and their steps.

    `steps` gets a context whose `way` is one of `ways`. file: what the way by file is called. proof: how far the steps
    are proved, for agents and docs/clients.md. Both are `N_` texts. imap: the way that has steps for IMAP, by hand as
    every program finds IMAP by itself; None for a program that we lead to POP3 only.
    """

    steps: Steps
    ways: tuple[Way, ...] = (Way.HAND,)
    proof: str = ""
    file: str = WAYS[Way.FILE]
    imap: Way | None = Way.HAND


@dataclass(frozen=True, slots=True)
class Guide:
    """The steps for one context, in order. ways: those that lead there, by what they are called (`N_` texts)."""

    context: Context
    ways: Mapping[Way, str]
    steps: tuple[GuideStep, ...]
    preparation: tuple[GuideStep, ...] = ()  # at the provider, before the first step

    @property
    def way(self) -> Way:
        return self.context.way or next(iter(self.ways))

    def index(self, step_id: str) -> int | None:
        """Return the place of a step, from 0; None for one that this variant has not."""
        return next((number for number, step in enumerate(self.steps) if step.id == step_id), None)
