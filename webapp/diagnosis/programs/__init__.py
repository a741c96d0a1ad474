"""What mail programs show, mapped to the causes of the catalogue, and a forgiving search in it.

For most people their own mail program is the login test: its message is where they come back to us.
"""

from __future__ import annotations

from collections.abc import Mapping

from webapp.diagnosis.programs import any_program, apple_mail, outlook, thunderbird, thunderbird_android
from webapp.diagnosis.programs.matching import FAR_BETTER, RESULTS_MAX, Index
from webapp.diagnosis.programs.message import Confidence, ProgramMessage
from webapp.text import N_, Message

__all__ = ["MESSAGES", "PROGRAMS", "Confidence", "ProgramMessage", "messages_meaning", "search"]

PROGRAMS: Mapping[str, Message] = {
    "outlook": Message("Outlook"),
    "thunderbird": Message("Thunderbird"),
    "apple-mail": Message(N_("Apple Mail (Mac, iPhone, iPad)")),
    "thunderbird-android": Message(N_("Thunderbird for Android or K-9 Mail")),
    "": Message(N_("Any mail program")),
}

MESSAGES: tuple[ProgramMessage, ...] = (
    *outlook.MESSAGES,
    *thunderbird.MESSAGES,
    *apple_mail.MESSAGES,
    *thunderbird_android.MESSAGES,
    *any_program.MESSAGES,
)

_INDEX = Index(MESSAGES)


def search(query: str, program: str | None = None) -> tuple[ProgramMessage, ...]:
    """Return the messages that fit `query`, best first; nothing where nothing fits.

    Case, accents, umlauts, quotes and small typing errors do not matter; a code may lack its 0x or hold blanks.
    program: a key of PROGRAMS; its messages and those of any program, or all where others fit far better: people
    choose the wrong program, and programs borrow each other's words.
    """
    ranked = _INDEX.ranked(query)
    own = [(message, score) for message, score in ranked if program is None or message.program in (program, "")]
    if own and ranked[0][1] < FAR_BETTER * own[0][1]:
        ranked = own
    return tuple(message for message, _ in ranked[:RESULTS_MAX])


def messages_meaning(diagnosis_id: str) -> tuple[ProgramMessage, ...]:
    """Return the messages that can mean this cause, those first of which it is the most likely one."""
    found = (message for message in MESSAGES if diagnosis_id in message.diagnoses)
    return tuple(sorted(found, key=lambda message: message.diagnoses.index(diagnosis_id)))
