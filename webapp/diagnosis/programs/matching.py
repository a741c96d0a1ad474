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
CLOSE = 0.84  # of difflib: one wrong letter in a word of seven

# Eight hexadecimal signs as people type them: with blanks, × for x, the letter O for zero.
_CODE = re.compile(r"(?<![0-9a-z])(?:[0o]\s?[x×]\s?)?(8[0o][0-9a-fo](?:[ -]?[0-9a-fo]){5})(?![0-9a-z])")
_WORD = re.compile(r"[a-z0-9]+")
_UMLAUTS = (("ß", "ss"), ("ae", "a"), ("oe", "o"), ("ue", "u"))


def fold(text: str) -> str:
    """Return `text` in lower case without accents; ä, ae and a are one and the same."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    for written, meant in _UMLAUTS:
        plain = plain.replace(written, meant)
    return plain


def words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


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
        query = query[:QUERY_MAX]
        wanted_codes = codes(query) & frozenset().union(*self._codes)
        wanted = [self._meant(word) for word in dict.fromkeys(words(query))]
        scores = (self._score(number, wanted_codes, wanted) for number in range(len(self._messages)))
        ranked = sorted(((score, -number) for number, score in enumerate(scores) if score), reverse=True)
        return tuple(self._messages[-number] for _, number in ranked[:RESULTS_MAX])

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
        if any(self._is_part_of_code(word, number) for meanings in wanted for word in meanings):
            return 5.0
        return max(self._likeness(text, wanted) for text in self._texts[number])

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
