"""The closed vocabulary of a case: every word that may be kept of what a person does, and how it reads.

An event is a kind and a few words of it:

    step    step                                a page of the wizard was shown
    choice  step, choice, detail                a question was answered from its list; the address is no list
    test    run, state, diagnoses               a connection test began or ended; run is 1, 2, 3 …
    stage   run, protocol, stage, status, failure
    earlier at, state, protocol, stage, failure, diagnosis
                                                a test that ended before the person connected; at: Unix seconds
    file    client, format                      a file was downloaded
    guide   client, way, step                   a step of the guide of a mail program was shown
    place   place, about                        a page beside the steps was shown; about: a diagnosis, or None
    mistake step, mistake                       a form was sent with a mistake
    message message, outcome                    a message of a program was looked up, by the catalogue's own words
    hint    hint, step, by                      an agent showed a sentence on the person's page; by: the agent's id
    case    what                                the case itself: joined, ended, shared …

`checked` refuses everything else. There is no word for a password, an address, a name, a text that somebody typed or a
server sent: what cannot be said cannot leak.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from flask import has_app_context

from webapp.core.clients import CLIENTS
from webapp.core.diagnosis import CATALOGUE
from webapp.core.diagnosis.messages import MESSAGES, ProgramMessage
from webapp.core.guides import SOURCES, Way, step_ids
from webapp.core.probe import STAGES, FailureKind, Protocol, RunState, Status
from webapp.core.text import N_, Message, Word
from webapp.helpdesk import places
from webapp.infrastructure.config import current_providers
from webapp.web.wizard.steps import ADJUSTMENTS, STEPS, Step

RUNS_MAX: Final = 999
OTHER: Final = "other"


class Kind(StrEnum):
    STEP = "step"
    CHOICE = "choice"
    TEST = "test"
    STAGE = "stage"
    EARLIER = "earlier"
    FILE = "file"
    GUIDE = "guide"
    PLACE = "place"
    MISTAKE = "mistake"
    MESSAGE = "message"
    HINT = "hint"
    CASE = "case"


class CaseWord(Word):
    JOINED = "joined", N_("Connected")
    DECLINED = "declined", N_("Not connected: the answer was no")
    ENDED = "ended", N_("The help was ended")
    SHARED = "shared", N_("The whole address is shown")
    HIDDEN = "hidden", N_("The address is shortened again")
    PREFILLED = "prefilled", N_("Prepared answers were taken over")
    TAKEN = "taken", N_("Another agent has taken over")
    RELEASED = "released", N_("The agent no longer helps; another agent will take over")
    WATCH_ASKED = "watch-asked", N_("A colleague was invited to look on")
    WATCH_AGREED = "watch-agreed", N_("A colleague may look on")
    WATCH_ENDED = "watch-ended", N_("No colleague looks on")
    HINT_TAKEN = "hint-taken", N_("The sentence was taken off the page")
    CAUSE_SETTLED = "cause-settled", N_("What the test found counts as settled")
    CLOSED = "closed", N_("The case was closed")


# The answers that come from a list, by step: word → how it reads, to agent and person alike. Names of programs and
# providers are not translated.
SYSTEM_NAMES: Mapping[str, str] = {
    "windows": "Windows", "mac": "Mac", "macos": "Mac", "linux": "Linux", "iphone": "iPhone", "ipad": "iPad",
    "ios": "iPhone", "android": "Android",
}  # fmt: skip
CHOICES: Mapping[str, Mapping[str, str]] = {
    "platform": {"none": N_("none of these websites")},
    "program": {
        **{client.id: client.name for client in CLIENTS.values()},
        "unknown": N_("program not known"),
        OTHER: N_("another program"),
    },
    "outlook-profile": {"existing": N_("into the profile in use"), "new": N_("into a profile of its own")},
    "devices": {"one": N_("one device"), "several": N_("several devices")},
    "retention": {
        "forever": N_("mail stays at %(provider)s"),
        "days": N_("mail stays at %(provider)s for some days"),
        "delete": N_("mail is deleted after fetching"),
    },
    "protocol": {"pop3": N_("fetches by POP"), "imap": N_("the same on every device, by IMAP")},
    "preparation": {"pop3": N_("POP3 switched on (as stated)")},
}
TWO_FACTOR: Mapping[str, str] = {"yes": N_("two-factor login: yes"), "no": N_("two-factor login: no")}
STEP_OF: Mapping[str, Step] = {step.slug: step for step in (*STEPS, *ADJUSTMENTS)}
STEP_SLUGS: Final = frozenset(STEP_OF)
STEP_TITLES: Mapping[str, str] = {
    **{slug: step.title for slug, step in STEP_OF.items()},
    "review": N_("Check your answers"),  # no step any more; cases of last week may name it
}
# Asked only after certain answers, or of who wants to change something.
FOR_FEW: Final = STEP_TITLES.keys() - {step.slug for step in STEPS if not step.decided_by}

STATE_LABELS: Mapping[str, str] = {
    "queued": N_("The test waits"),
    "running": N_("The test is under way"),
    "passed": N_("The test passed"),
    "failed": N_("The test failed"),
    "unknown": N_("%(provider)s did not answer the login"),
    "interrupted": N_("The test was cut off"),
    "expired": N_("The test came too late"),
    "cancelled": N_("The test was called off"),
}

# Sentences an agent can put on the person's page, and where each of them leads: an endpoint, or a step of the wizard.
HINTS: Mapping[str, str] = {
    "open-step": N_("Go to “%(step)s”."),
    "switch-pop3-on": N_("Switch POP3 on at %(provider)s."),
    "app-password": N_("Create an app password at %(provider)s."),
    "keep-window": N_("Leave the %(provider)s window open."),
    "test-again": N_("Test the connection once more."),
    "without-login": N_("Test without a password."),
    "download": N_("Download the file."),
    "open-guide": N_("Go on with the guide."),
    "message": N_("Look up the message of your program."),
    "wait": N_("Wait a moment. I am looking."),
    "done": N_("All done. You can end the help now."),
}
HINT_STEPS: Mapping[str, str] = {"switch-pop3-on": "preparation", "app-password": "preparation"}
STEP_FIELDS: Mapping[str, str] = {"address": "email_address", "name": "name"}  # the id of what is typed into
HINT_PAGES: Mapping[str, str] = {
    "test-again": "connection_tests.index",
    "without-login": "connection_tests.index",
    "download": "wizard.finish",
    "open-guide": "guides.start",
    "message": "help.index",
}

# What to say, and to ask, on a step while no test has failed: the word on the button is the word that is said.
STEP_SENTENCES: Mapping[str, str] = {
    "address": N_(
        "Type your whole %(provider)s address into the field, with the part after the @. Then press “Let’s go”."
    ),
    "platform": N_("Choose the website on which you read your mail. Then press “Continue”."),
    "program": N_("Choose the picture that looks like your program. Then press “Continue”."),
    "protocol": N_("Is your mail to look the same on every device? Then choose IMAP."),
    "outlook-profile": N_("Is there only private mail in Outlook? Then leave the first answer. Press “Keep it”."),
    "devices": N_("Choose whether you read your mail on the phone as well. Then press “Continue”."),
    "retention": N_("Choose “Yes, always”. Then nothing gets lost. Press “Continue”."),
    "name": N_("Type your name as others should read it, or leave the field empty. Then press “Keep it”."),
    "port": N_("Leave the first number. Press “Keep it”."),
    "preparation": N_(
        "Open %(provider)s on your computer and do there what the picture shows. Then press “Done, continue”."
    ),
}
STEP_QUESTIONS: Mapping[str, str] = {
    "address": N_("What stands behind the @ in your address?"),
    "platform": N_("On which website do you read your mail in the browser?"),
    "program": N_("Which name stands at the very top of the window of your mail program?"),
    "protocol": N_("Do you read the same mail on another device as well?"),
    "outlook-profile": N_("Is your company’s mail in this Outlook, too?"),
    "devices": N_("Do you read your mail on the phone as well?"),
    "retention": N_("Which answer is chosen now?"),
    "name": N_("Which name should others read?"),
    "port": N_("Which number is chosen now?"),
    "preparation": N_("Is POP3 switched on at %(provider)s now?"),
}

MESSAGE_WORDS: Mapping[str, ProgramMessage | None] = {"": None, **{message.text("en"): message for message in MESSAGES}}
HELP_OUTCOMES: Final = frozenset({"sure", "maybe", "nothing", "helped", "not-helped"})


def client_name(client: str) -> Message:
    return Message(CLIENTS[client].name)


def words_of(step: str) -> Mapping[str, str]:
    """Return the words that may answer a step: word → how it reads, "" where its being answered is all that is told.

    A provider that is served is one; outside of an application there is none.
    """
    served = current_providers() if has_app_context() else {}
    if step == "address":
        return dict.fromkeys(served, "")
    if step == "platform":
        return {**{provider.id: provider.website for provider in served.values()}, **CHOICES[step]}
    return CHOICES.get(step, {})


FORMATS: Final = frozenset(
    {name for client in CLIENTS.values() for name in client.formats}
    | {"zip", "xml", "js", "k9s", "svg", "png", "prf", "mobileconfig", "txt", OTHER}
)


def _is_number(value: Any, most: int = 2**40) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _is_run(value: Any) -> bool:
    return _is_number(value, RUNS_MAX)


def _are_diagnoses(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 8 and all(item in CATALOGUE for item in value)


_RULES: Mapping[Kind, Mapping[str, Callable[[Any], bool]]] = {
    Kind.STEP: {"step": STEP_SLUGS.__contains__},
    Kind.CHOICE: {
        "step": STEP_SLUGS.__contains__,
        "choice": lambda value: value is None or any(value in words_of(step) for step in STEP_SLUGS),
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
    Kind.EARLIER: {
        "at": _is_number,
        "state": lambda value: value in list(RunState),
        "protocol": lambda value: value is None or value in list(Protocol),
        "stage": lambda value: value is None or any(value in names for names in STAGES.values()),
        "failure": lambda value: value is None or value in list(FailureKind),
        "diagnosis": lambda value: value is None or value in CATALOGUE,
    },
    Kind.FILE: {"client": CLIENTS.__contains__, "format": FORMATS.__contains__},
    Kind.GUIDE: {
        "client": SOURCES.__contains__,
        "way": lambda value: value in list(Way),
        "step": lambda value: any(value in step_ids(client) for client in SOURCES),
    },
    Kind.PLACE: {"place": places.LABELS.__contains__, "about": lambda value: value is None or value in CATALOGUE},
    Kind.MISTAKE: {"step": STEP_SLUGS.__contains__, "mistake": places.MISTAKES.__contains__},
    Kind.MESSAGE: {"message": MESSAGE_WORDS.__contains__, "outcome": HELP_OUTCOMES.__contains__},
    Kind.HINT: {
        "hint": HINTS.__contains__,
        "step": lambda value: value is None or value in STEP_SLUGS,
        "by": _is_number,
    },
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


def choice_messages(words: Mapping[str, Any]) -> list[Message]:
    """Return how a choice reads, most important part first; nothing where only the fact is known."""
    found = []
    step, choice, detail = words["step"], words["choice"], words["detail"]
    label = words_of(step).get(choice or "")
    if step == "retention" and choice == "days" and detail:
        found.append(Message(N_("mail stays at %(provider)s for %(days)s days"), {"days": detail}))
    elif label:
        found.append(Message(label))
    if detail in SYSTEM_NAMES:
        found.append(Message(SYSTEM_NAMES[detail]))
    elif detail in TWO_FACTOR:
        found.append(Message(TWO_FACTOR[detail]))
    return found
