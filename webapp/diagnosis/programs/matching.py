"""A forgiving search in the messages of mail programs: by code, by words, by parts of words."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from webapp.diagnosis.programs.message import ProgramMessage

QUERY_MAX = 500  # characters that are looked at: a message with the names of one's own
RESULTS_MAX = 20
ENOUGH = 0.5  # of the query's words, or of the message's, by weight
PREFIX_MIN, PART_MIN = 4, 5  # letters from which on the beginning, or any part, of a word will do
PARTIAL_CODE_MIN = 4  # signs of a code
REPLY_CODE_BONUS = 1.0  # beside the likeness of the words: 554 alone stands for several answers
FAR_BETTER = 1.5  # times as well: then another program's message is shown to who asked for one program
PROGRAM_BONUS = 0.5  # for the messages of a program that the query names
CLOSE = 0.84  # of difflib: one wrong letter in a word of seven

# Eight hexadecimal signs as people type them: with blanks, × for x, the letter O for zero.
_CODE = re.compile(r"(?<![0-9a-z])(?:[0o]\s?[x×]\s?)?(8[0o][0-9a-fo](?:[ -]?[0-9a-fo]){5})(?![0-9a-z])")
_WORD = re.compile(r"[a-z0-9]+")
_REPLY_CODE = re.compile(r"[45][0-9]{2}")
_UMLAUTS = (("ß", "ss"), ("ae", "a"), ("oe", "o"), ("ue", "u"))
# What programs put in for … : names of servers and addresses say nothing of the cause.
_NAMES = re.compile(r"\S+@\S+|\b(?:pop3?|imap4?|mail|smtp|www)\.[a-z0-9-]+\.[a-z0-9.-]+", re.IGNORECASE)


# Words that stand in every sentence, folded. Left out where others remain.
_STOP_WORDS = frozenset(
    _WORD.findall(
        """der die das dem den des ein eine einen einem einer und oder ist sind wird werden wurde wurden worden
        kann konnen konnte konnten hat haben nicht kein keine keinen mit auf zu zum zur vom von im in an am
        als aus bei bis durch fur es ich er sie wir ihr ihre ihren ihrem ihrer mein meine meinen meinem sich
        wie was warum wieso wo wenn weil dass immer noch mehr nur schon jetzt hier da auch mal the an of to
        is are was be been by with your my you it not no cannot can could has have that this and or for on
        in at from"""
    )
)
# One word for what people call by several names, in both languages, folded.
_SAME = {
    same: word
    for word, others in {
        "passwort": "passworter kennwort kennworter password passwords passphrase",
        "mail": "mails email emails nachricht nachrichten message messages",
        "konto": "konten account accounts mailkonto emailkonto",
        "senden": "versenden verschicken schicken rausschicken gesendet verschickt send sending sent",
        "empfangen": "abrufen abholen abruf empfang receive receiving fetch fetching",
        "anmeldung": "anmelden login logon einloggen",
        "falsch": "inkorrekt incorrect invalid wrong falsches falsche",
        "mailbox": "postfach inbox",
        "voll": "full",
    }.items()
    for same in others.split()
}
_PROGRAM_NAMES = {
    "outlook": "outlook", "thunderbird": "thunderbird", "apple": "apple-mail", "iphone": "apple-mail",
    "ipad": "apple-mail", "mac": "apple-mail", "ios": "apple-mail", "macos": "apple-mail",
    "android": "thunderbird-android", "k9": "thunderbird-android",
}  # fmt: skip


def fold(text: str) -> str:
    """Return `text` in lower case without accents; ä, ae and a are one and the same."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    for written, meant in _UMLAUTS:
        plain = plain.replace(written, meant)
    return plain


def words(text: str) -> list[str]:
    """Return the words in `text` that say something, folded, one word for one meaning; all where none does."""
    found = [_SAME.get(word, word) for word in _WORD.findall(fold(text))]
    return [word for word in found if word not in _STOP_WORDS and len(word) > 1] or found


def codes(text: str) -> set[str]:
    """Return the Windows error codes in `text`, without 0x, in lower case."""
    return {re.sub(r"[ -]", "", code).replace("o", "0") for code in _CODE.findall(text.lower())}


class Index:
    """The words and codes of all messages, weighed: a word that stands in few messages says more."""

    def __init__(self, messages: Sequence[ProgramMessage]) -> None:
        self._messages = messages
        self._codes = [{code.lower().removeprefix("0x") for code in message.codes} for message in messages]
        self._texts = [[frozenset(words(text)) for text in message.texts.values()] for message in messages]
        counts = Counter(word for texts in self._texts for word in frozenset().union(*texts))
        self._weights = {word: math.log(1 + len(messages) / count) for word, count in counts.items()}
        self._rarest = max(self._weights.values())

    def search(self, query: str) -> tuple[ProgramMessage, ...]:
        """Return at most RESULTS_MAX messages, best first, in their own order where they fit equally well."""
        return tuple(message for message, _ in self.ranked(query))[:RESULTS_MAX]

    def ranked(self, query: str) -> list[tuple[ProgramMessage, float]]:
        """Return every message that fits `query` with how well it does, best first."""
        query = query[:QUERY_MAX]
        wanted_codes = codes(query) & frozenset().union(*self._codes)
        typed = dict.fromkeys(words(_NAMES.sub(" ", query)) or words(query))
        programs = {_PROGRAM_NAMES[word] for word in typed if word in _PROGRAM_NAMES}
        if len(typed) > 1:
            typed = {word: None for word in typed if word not in _PROGRAM_NAMES} or typed
        wanted = [self._meant(word) for word in typed]
        scores = [self._score(number, wanted_codes, wanted) for number in range(len(self._messages))]
        for number, message in enumerate(self._messages):
            if scores[number] and message.program in programs:
                scores[number] += PROGRAM_BONUS
        ranked = sorted(((score, -number) for number, score in enumerate(scores) if score), reverse=True)
        return [(self._messages[-number], score) for score, number in ranked]

    def _meant(self, word: str) -> frozenset[str]:
        """Return the known words that `word` may stand for: itself, words that contain it, words it nearly is."""
        found = frozenset(known for known in self._weights if self._contains(known, word))
        return (
            found or frozenset(difflib.get_close_matches(word, self._weights, n=3, cutoff=CLOSE)) or frozenset({word})
        )

    def _contains(self, known: str, word: str) -> bool:
        """German joins words: `zertifikat` means `sicherheitszertifikat` too."""
        if len(word) >= PART_MIN:
            return word in known
        return known.startswith(word) if len(word) == PREFIX_MIN else known == word

    def _score(self, number: int, wanted_codes: set[str], wanted: Sequence[frozenset[str]]) -> float:
        if wanted_codes:
            return 10.0 if wanted_codes & self._codes[number] else 0.0
        likeness = max(self._likeness(text, wanted) for text in self._texts[number])
        named = {word for meanings in wanted for word in meanings if self._is_part_of_code(word, number)}
        if any(not _REPLY_CODE.fullmatch(word) for word in named):
            return 5.0 + likeness
        return likeness + REPLY_CODE_BONUS if named else likeness

    def _is_part_of_code(self, word: str, number: int) -> bool:
        """`ccc92` names a code; `535` only where it is a whole one."""
        known = self._codes[number]
        return word in known or (
            len(word) >= PARTIAL_CODE_MIN
            and any(sign.isdigit() for sign in word)
            and any(word in code for code in known)
        )

    def _likeness(self, text: frozenset[str], wanted: Sequence[frozenset[str]]) -> float:
        """Return 0, or how much of the query is in the text plus how much of the text is in the query."""
        if not wanted:
            return 0.0
        found = [meanings & text for meanings in wanted]
        in_query = sum(self._weight(meanings) for meanings, common in zip(wanted, found, strict=True) if common)
        of_query = in_query / sum(self._weight(meanings) for meanings in wanted)
        of_text = self._weight_of_all(frozenset().union(*found)) / self._weight_of_all(text)
        return of_query + of_text if max(of_query, of_text) >= ENOUGH else 0.0

    def _weight(self, meanings: frozenset[str]) -> float:
        """What a word of the query weighs: that of the commonest it may stand for; unknown, that of the rarest."""
        return min(self._weights.get(word, self._rarest) for word in meanings)

    def _weight_of_all(self, text: frozenset[str]) -> float:
        return sum(self._weights[word] for word in text)
