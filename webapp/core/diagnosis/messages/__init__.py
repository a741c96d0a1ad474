"""What mail programs show and what people notice, mapped to the causes of the catalogue, and a search in it.

For most people their own mail program is the login test: its message is where they come back to us. The messages are
data, a file for each program.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import chain
from pathlib import Path

from webapp.core.diagnosis.messages.message import Confidence, ProgramMessage, load
from webapp.core.diagnosis.messages.pasted import masked
from webapp.core.diagnosis.messages.searching import Found, Index
from webapp.core.text import N_, Message

__all__ = [
    "CAUSES_SHOWN",
    "MESSAGES",
    "PROGRAMS",
    "Confidence",
    "Found",
    "ProgramMessage",
    "causes",
    "masked",
    "messages_meaning",
    "results",
    "search",
]

CAUSES_SHOWN = 3  # to whoever asks; the first one at once
PROGRAMS: Mapping[str, Message] = {
    "outlook": Message("Outlook"),
    "thunderbird": Message("Thunderbird"),
    "apple-mail": Message(N_("Apple Mail (Mac, iPhone, iPad)")),
    "thunderbird-android": Message(N_("Thunderbird for Android or K-9 Mail")),
    "fairemail": Message("FairEmail"),
    **{name: Message(name) for name in ("fetchmail", "getmail", "mpop", "msmtp", "curl")},
    "": Message(N_("Any mail program")),
}

MESSAGES: tuple[ProgramMessage, ...] = tuple(load(Path(__file__).parent))


@cache
def _index() -> Index:
    return Index(MESSAGES)


def search(query: str, program: str | None = None) -> tuple[Found, ...]:
    """Return the messages that fit `query`, best first; nothing where nothing fits.

    query: a message, a code, a log of any length (the last error in it counts), or a person's own words. Case, accents,
    umlauts, quotes, names and slips do not matter. program: the id of a client; its messages come before others that
    fit about as well: people choose the wrong program, and programs borrow each other's words.
    """
    return _index().search(query, program)


def causes(found: Iterable[Found]) -> tuple[str, ...]:
    """Return the ids of the causes that `found` can mean, each once, likeliest first."""
    return tuple(dict.fromkeys(chain.from_iterable(one.message.diagnoses for one in found)))


def results(found: Iterable[Found], locale: str, provider: str) -> dict[str, object]:
    """Return the pinned shape of the API and of `explain --json`: messages with their causes, likeliest first.

    provider: the name for what people notice.
    """
    return {
        "results": [
            {
                "message": one.message.text(locale, provider),
                "program": one.message.program,
                "diagnoses": list(one.message.diagnoses),
            }
            for one in found
        ]
    }


def messages_meaning(diagnosis_id: str) -> tuple[ProgramMessage, ...]:
    """Return the messages of programs that can mean this cause, those first of which it is the most likely one."""
    found = (message for message in MESSAGES if diagnosis_id in message.diagnoses and not message.library)
    return tuple(sorted(found, key=lambda message: message.diagnoses.index(diagnosis_id)))
