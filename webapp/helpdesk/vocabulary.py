"""The closed vocabulary of a case: every word that may be kept of what a person does, and how it reads.

An event is a kind and a few words of it:

    step    step                                a page of the wizard was shown
    choice  step, choice, detail                a question was answered from its list; the address is no list
    test    run, state, diagnoses               a connection test began or ended; run is 1, 2, 3 …
    stage   run, protocol, stage, status, failure
    file    client, format                      a file was downloaded
    hint    hint, step                          the agent showed a sentence on the person's page
    case    what                                the case itself: joined, ended, shared …

`checked` refuses everything else. There is no word for a password, an address, a name, a text that somebody typed or a
server sent: what cannot be said cannot leak.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from webapp.clients import CLIENTS
from webapp.diagnosis import CATALOGUE
from webapp.probe.report import STAGES, FailureKind, Protocol, RunState, Status
from webapp.text import N_, Message
from webapp.wizard.steps import STEPS

RUNS_MAX: Final = 999
OTHER: Final = "other"


class Kind(StrEnum):
    STEP = "step"
    CHOICE = "choice"
    TEST = "test"
    STAGE = "stage"
    FILE = "file"
    HINT = "hint"
    CASE = "case"


class CaseWord(StrEnum):
    """What can happen to the case itself."""

    JOINED = "joined"
    DECLINED = "declined"
    ENDED = "ended"
    SHARED = "shared"
    HIDDEN = "hidden"
    PREFILLED = "prefilled"
    TAKEN = "taken"
    CLOSED = "closed"


CASE_LABELS: Mapping[CaseWord, str] = {
    CaseWord.JOINED: N_("The person has connected"),
    CaseWord.DECLINED: N_("The person did not want to connect"),
    CaseWord.ENDED: N_("The person has ended the help"),
    CaseWord.SHARED: N_("The person shows the whole address"),
    CaseWord.HIDDEN: N_("The person shows the address shortened again"),
    CaseWord.PREFILLED: N_("Prepared answers were taken over"),
    CaseWord.TAKEN: N_("Another agent has taken over"),
    CaseWord.CLOSED: N_("The case was closed"),
}

# The answers that come from a list, by step: word → how it reads. Names of programs and providers are not translated.
SYSTEM_NAMES: Mapping[str, str] = {
    "windows": "Windows", "mac": "Mac", "macos": "Mac", "linux": "Linux", "iphone": "iPhone", "ipad": "iPad",
    "ios": "iPhone", "android": "Android",
}  # fmt: skip
CHOICES: Mapping[str, Mapping[str, str]] = {
    "platform": {"gmx.net": "www.gmx.net", "gmx.com": "www.gmx.com", "none": N_("neither of the two")},
    "program": {
        **{client.id: client.name for client in CLIENTS.values()},
        "unknown": N_("does not know the program"),
        OTHER: N_("another program"),
    },
    "outlook-profile": {"existing": N_("into the profile in use"), "new": N_("into a profile of its own")},
    "devices": {"one": N_("one device"), "several": N_("several devices"), "unsure": N_("not sure how many devices")},
    "retention": {
        "forever": N_("mail stays at GMX"),
        "days": N_("mail stays for some days"),
        "delete": N_("mail is deleted after fetching"),
    },
    "preparation": {"pop3": N_("says that POP3 is switched on"), "open": N_("has not yet ticked POP3")},
}
TWO_FACTOR: Mapping[str, str] = {
    "yes": N_("two-factor login: yes"),
    "no": N_("two-factor login: no"),
    "unsure": N_("two-factor login: not sure"),
}
STEP_SLUGS: Final = frozenset(step.slug for step in STEPS)
STEP_TITLES: Mapping[str, str] = {step.slug: step.title for step in STEPS}

STAGE_LABELS: Mapping[str, str] = {
    "resolve": N_("Look up the name"),
    "connect": N_("Reach the server"),
    "tls": N_("Encrypt"),
    "greeting": N_("Greeting"),
    "capa": N_("What the server offers"),
    "ehlo": N_("What the server offers"),
    "stls": N_("Encrypt"),
    "starttls": N_("Encrypt"),
    "authenticate": N_("Log in to the mailbox"),
    "stat": N_("Count the messages"),
    "uidl": N_("List the messages"),
    "mail": N_("Sender accepted"),
    "rcpt": N_("Recipient accepted"),
    "rset": N_("Send nothing"),
    "quit": N_("Say goodbye"),
}
STATUS_LABELS: Mapping[str, str] = {
    "pending": N_("to come"),
    "running": N_("under way"),
    "passed": N_("fine"),
    "warning": N_("with a remark"),
    "failed": N_("fails"),
    "skipped": N_("left out"),
}
PROTOCOL_LABELS: Mapping[str, str] = {"pop3": N_("Receiving"), "smtp": N_("Sending")}
STATE_LABELS: Mapping[str, str] = {
    "queued": N_("The test waits"),
    "running": N_("The test is under way"),
    "passed": N_("The test passed"),
    "failed": N_("The test failed"),
    "unknown": N_("GMX did not answer the login"),
    "interrupted": N_("The test was cut off"),
    "expired": N_("The test came too late"),
    "cancelled": N_("The test was called off"),
}

# Sentences an agent can put on the person's page. %(number)s is the number of the step on the person's own way.
HINTS: Mapping[str, str] = {
    "open-step": N_("Open step %(number)s."),
    "switch-pop3-on": N_("Switch POP3 on at GMX. Step %(number)s shows the way."),
    "app-password": N_("Create an app password at GMX. Step %(number)s shows the way."),
    "keep-window": N_("Leave the GMX window open."),
    "test-again": N_("Test the connection once more."),
    "without-login": N_("Go on without logging in."),
    "download": N_("Download the file on the page “Finished”."),
    "open-file": N_("Open the file that you have downloaded."),
    "wait": N_("Wait a moment. I am looking."),
    "done": N_("All done. You can end the help now."),
}
HINT_STEPS: Mapping[str, str] = {"switch-pop3-on": "preparation", "app-password": "preparation"}

# What to say while the person is on a step and no test has failed.
STEP_SENTENCES: Mapping[str, str] = {
    "address": N_("Type in your whole GMX address, with the part after the @."),
    "platform": N_("Do you read your mail in the browser at gmx.net or at gmx.com?"),
    "program": N_("Look at the very top of the window of your mail program. Which name stands there?"),
    "outlook-profile": N_("Do you have another account in Outlook, perhaps that of your company?"),
    "devices": N_("Do you read your mail on the phone as well?"),
    "retention": N_("Let the mail stay at GMX. Then nothing can get lost."),
    "preparation": N_("Now we switch POP3 on at GMX. Take a computer; it does not work in the app."),
    "review": N_("Read it through once more. Is everything right?"),
}

_FORMAT = re.compile(r"[a-z0-9-]{1,16}")
_FORMATS: Final = frozenset(
    {name for client in CLIENTS.values() for name in client.formats}
    | {"zip", "xml", "js", "k9s", "svg", "png", "prf", "mobileconfig", "txt", OTHER}
)


def _is_run(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= RUNS_MAX


def _are_diagnoses(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 8 and all(item in CATALOGUE for item in value)


_RULES: Mapping[Kind, Mapping[str, Callable[[Any], bool]]] = {
    Kind.STEP: {"step": STEP_SLUGS.__contains__},
    Kind.CHOICE: {
        "step": STEP_SLUGS.__contains__,
        "choice": lambda value: value is None or any(value in words for words in CHOICES.values()),
        "detail": lambda value: value is None or value in SYSTEM_NAMES or value in TWO_FACTOR or _is_run(value),
    },
    Kind.TEST: {"run": _is_run, "state": lambda value: value in list(RunState), "diagnoses": _are_diagnoses},
    Kind.STAGE: {
        "run": _is_run,
        "protocol": lambda value: value in list(Protocol),
        "stage": lambda value: any(value in names for names in STAGES.values()),
        "status": lambda value: value in list(Status),
        "failure": lambda value: value is None or value in list(FailureKind),
    },
    Kind.FILE: {"client": CLIENTS.__contains__, "format": _FORMATS.__contains__},
    Kind.HINT: {"hint": HINTS.__contains__, "step": lambda value: value is None or value in STEP_SLUGS},
    Kind.CASE: {"what": lambda value: value in list(CaseWord)},
}


def checked(kind: Kind, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return `words` as plain JSON; raises ValueError for a word that is not of the vocabulary of `kind`."""
    rules = _RULES[kind]
    if words.keys() != rules.keys():
        raise ValueError(f"event {kind}: not the words {sorted(rules)}")
    plain = {name: str(word) if isinstance(word, StrEnum) else word for name, word in words.items()}
    for name, word in plain.items():
        try:
            known = rules[name](word)
        except TypeError:  # not hashable: no word at all
            known = False
        if not known:
            raise ValueError(f"event {kind}: {name} is no word of the vocabulary")
    return plain


def word_or(known: Mapping[str, Any] | frozenset[str], word: Any, otherwise: str | None = None) -> str | None:
    """Return `word` if it is known, else `otherwise`: what somebody else says is never kept as it is."""
    return word if isinstance(word, str) and word in known else otherwise


def format_word(word: Any) -> str:
    """Return the format as a word of the vocabulary."""
    return word if isinstance(word, str) and _FORMAT.fullmatch(word) and word in _FORMATS else OTHER


def choice_messages(words: Mapping[str, Any]) -> list[Message]:
    """Return how a choice reads, most important part first; nothing where only the fact is known."""
    found = []
    step, choice, detail = words["step"], words["choice"], words["detail"]
    label = CHOICES.get(step, {}).get(choice or "")
    if step == "retention" and choice == "days" and detail:
        found.append(Message(N_("mail stays for %(days)s days"), {"days": detail}))
    elif label:
        found.append(Message(label))
    if detail in SYSTEM_NAMES:
        found.append(Message(SYSTEM_NAMES[detail]))
    elif detail in TWO_FACTOR:
        found.append(Message(TWO_FACTOR[detail]))
    return found
