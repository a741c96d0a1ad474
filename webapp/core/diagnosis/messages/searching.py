"""A ranked search: SQLite's full-text index (BM25) finds and ranks, and evidence decides what is said.

A ranking always has a first one. Whether that one may be told is another question: how much of the message stands in
what the person wrote, and how much of what they wrote is explained by it, both weighed by how rare a word is.
"""

import math
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from rapidfuzz import fuzz, process

from webapp.core.diagnosis.messages.message import PROVIDER, ProgramMessage
from webapp.core.diagnosis.messages.pasted import masked, pieces, response_code, story, without_code
from webapp.core.diagnosis.messages.vocabulary import (
    ALIKE,
    COMMAND_LINE,
    DIRECTIONS,
    ELSEWHERE,
    ONLY_FAILED,
    PROGRAM_NAMES,
    PROTOCOLS,
    SAME,
    WAYS,
    Direction,
    codes,
    direction_named,
    is_code,
    meaning,
    program_named,
    words,
)

CHARACTERS_MAX = 64 * 1024  # of a text; more is cut at the front, because logs end with the message
RESULTS_MAX = 10
CANDIDATES = 60  # of the full-text index, for each piece
WORDS_MAX = 400  # different ones of a text whose slips are looked up
SLIP = 84.0  # likeness in percent from which on a word is another one with a slip
ALMOST = 0.8  # how surely a word is meant that often says the same
GUESSED = 0.75  # how surely such a word is meant
PART_MIN = 4  # letters of the parts of a compound word
ELSEWHERE_WEIGHT = 5.0  # of a word that says that something else is meant
OWN_PROGRAM, OTHER_PROGRAM = 1.15, 0.8
UNNAMED, SELDOM = 0.98, 0.95  # of some program where none is named; of one for the command line
OTHER_DIRECTION = 0.85  # of a message on sending where POP3 is named, and the other way round
BEFORE_SUMMARY = 12  # lines from the end that are read where a program only sums up
NEARLY, NEARLY_AS_FIT = 0.8, 0.97  # as good as the best; the latter where that says only that something failed
HITS_MIN = 2  # words of the query, where it has as many
RARE = 4.5  # weight of a word that is enough where it is all that a line says, such as EOF
UNKNOWN = 0.6  # weight of a word that stands in no message, of that of the rarest one
CODE_WEIGHT = 0.35  # of a reply code such as 535, which stands for many things
WHOLE, WHOLE_QUERY = 0.95, 0.7  # of a message of one word, and of the query then
REFUSED = "-err"
FOR_MANY_REASONS = frozenset((REFUSED, "535", "auth", "sys/perm"))  # codes of which the words beside them may tell more
SURE, LIKELY = 0.72, 0.5  # evidence, from 0 to 1
ENOUGH = 2.2  # words' weight below which nothing is sure

_Meanings = dict[str, dict[str, float]]  # known words by the word typed, with how surely they are meant

_NUMBERED = re.compile(r"\d[a-z]|[a-z]\d")  # such as a session's name in a log
_ELSEWHERE = frozenset(map(meaning, ELSEWHERE))


@dataclass(frozen=True, slots=True)
class Found:
    """A message that fits. sure: enough of it was there to say so; else it only may be meant.

    score: how well it fits, and whether it is of the program and the way that were named. fit: how well it fits alone.
    """

    message: ProgramMessage
    score: float
    sure: bool
    fit: float

    @property
    def certain(self) -> bool:
        """Whether the first of its causes may be told as the one that it mostly is: what people notice has several."""
        told = self.message
        return self.sure and not told.several and not (told.noticed and len(told.diagnoses) > 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    number: int  # of the message
    words: frozenset[str]
    weight: float


def _met(known: Mapping[str, float], words: frozenset[str]) -> dict[str, float]:
    """Return which of `words` are meant by a word typed, else those that can stand for it, with how surely."""
    return {word: quality for word, quality in known.items() if word in words} or {
        other: quality * ALMOST for word, quality in known.items() for other in ALIKE.get(word, ()) if other in words
    }


def _own_words(message: ProgramMessage) -> tuple[bool, bool]:
    """Whether it is no mere summary, and no guess at what people notice: a program's own words say more."""
    return not message.summary, not message.noticed


def _says_more(reason: tuple[Found, ...], said: tuple[Found, ...]) -> bool:
    """Whether the reason that stands in a line is rather meant than what the line as a whole says."""
    if not reason or not said:
        return bool(reason)
    if said[0].sure and reason[0].message.summary:
        return False
    return said[0].message.noticed or reason[0].score > NEARLY * said[0].score


class Index:
    """The messages' texts in a full-text index in memory; may be asked by several threads."""

    def __init__(self, messages: Sequence[ProgramMessage]) -> None:
        self._messages = messages
        self._numbers = {id(message): number for number, message in enumerate(messages)}
        self._codes = [{code.lower().removeprefix("0x") for code in message.codes} for message in messages]
        read = [
            (number, words(text.replace(PROVIDER, "")))
            for number, message in enumerate(messages)
            for text in (*message.texts.values(), *message.also)
        ]
        known = {meant for _, found in read for meant in found}
        self._surfaces = (
            {written: word for written, word in SAME.items() if word in known}
            | {written: word for _, found in read for word, written in found.items()}
            | {word: word for word in known}
        )
        self._written: dict[str, list[str]] = {}  # by their first letter
        for word in self._surfaces:
            if len(word) >= PART_MIN and not is_code(word):
                self._written.setdefault(word[0], []).append(word)
        texts = [(number, frozenset(chain(*map(self._split, found)))) for number, found in read]
        counts = Counter(word for _, found in texts for word in found)
        self._weights = {word: self._rarity(word, math.log(1 + len(texts) / n)) for word, n in counts.items()}
        self._unknown = UNKNOWN * max(self._weights.values())
        self._rows = [_Row(number, found, sum(map(self._weights.__getitem__, found))) for number, found in texts]
        self._words: list[set[str]] = [set() for _ in messages]
        for number, found in texts:
            self._words[number] |= found
        self._lock = threading.Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute("CREATE VIRTUAL TABLE texts USING fts5(words, tokenize = 'ascii')")
        self._database.executemany("INSERT INTO texts (words) VALUES (?)", ((" ".join(r.words),) for r in self._rows))

    def _rarity(self, word: str, weight: float) -> float:
        return weight * CODE_WEIGHT if is_code(word) else weight

    def search(self, text: str, program: str | None = None) -> tuple[Found, ...]:
        """Return what fits `text`, best first; of a log what fits the last line that surely tells of a fault."""
        if by_code := self._by_code(codes(text)):
            return by_code
        text = masked(text[-CHARACTERS_MAX:])
        best: tuple[Found, ...] = ()
        summary: tuple[Found, ...] = ()
        lines, parts = pieces(text)
        meanings: _Meanings = {}  # of this text alone: what people type is not kept
        answered = False  # whether the best is of what a server said
        for number, line in enumerate(lines):
            found = self._line(words(without_code(line.text)), program, meanings, alone=len(lines) == 1)
            if code := response_code(line.text):
                whole = " ".join(without_code(one.text) for one in lines[:BEFORE_SUMMARY])
                around = self._line(words(whole), program, meanings, alone=False)
                if by_response := self._answered(code, found, around):
                    return by_response
            told = next((one for one in found if self._tells(one, found[0])), None)
            if told:
                return (told, *(one for one in found if one is not told))
            if found and found[0].sure:
                summary = found if number < BEFORE_SUMMARY or not summary else summary  # the earlier says more
            elif found and not answered and (not best or found[0].score > best[0].score):
                best, answered = found, line.answer
            if summary and number >= BEFORE_SUMMARY:
                return summary
        reason = self._reason(parts, program, meanings)
        said = summary or best
        if _says_more(reason, said):
            return reason
        return said if summary or answered else self._story(text, said, program, meanings)

    def _story(
        self, text: str, whole: tuple[Found, ...], program: str | None, meanings: _Meanings
    ) -> tuple[Found, ...]:
        """Add to how well the whole fits how well its best sentence does; where nothing fits, the best part of one."""
        for parts in story(text):
            told = {self._numbers[id(one.message)]: one for one in whole}
            best: dict[int, Found] = {}
            for one in chain.from_iterable(self._line(words(part), program, meanings, alone=False) for part in parts):
                number = self._numbers[id(one.message)]
                best[number] = max(best.get(number, one), one, key=lambda found: found.score)
            for number, one in best.items():
                before = told[number].score if number in told else 0.0
                told[number] = replace(one, score=before + one.score, sure=False)
            if told:
                return tuple(sorted(told.values(), key=lambda one: -one.score)[:RESULTS_MAX])
        return ()

    def _reason(self, parts: Iterable[str], program: str | None, meanings: _Meanings) -> tuple[Found, ...]:
        """Search parts of lines; what one says for sure may be meant, no more: the words beside it are left out."""
        found = [self._line(words(part), program, meanings, alone=False) for part in parts]
        told = [one for one in found if one and one[0].sure]
        best = max(told, key=lambda one: (*_own_words(one[0].message), one[0].score), default=())
        return tuple(replace(one, sure=False) for one in best)

    def _line(
        self, typed: Mapping[str, str], program: str | None, meanings: _Meanings, *, alone: bool
    ) -> tuple[Found, ...]:
        """Search a line; where it begins with what a program adds to any fault, what stands beside it says more."""
        found = self._search(typed, program, meanings, alone=alone)
        if not found or not found[0].message.summary:
            return found
        added = self._words[self._numbers[id(found[0].message)]]
        rest = {meant: word for meant, word in typed.items() if added.isdisjoint(meanings.get(meant, ()))}
        beside = self._search(rest, program or found[0].message.program, meanings, alone=False)
        return (*beside, *found) if beside and beside[0].sure else found

    def _answered(self, code: str, found: tuple[Found, ...], around: tuple[Found, ...]) -> tuple[Found, ...]:
        """Put first what a server's code means: it decides, and of several meanings the words around it."""
        fits = {self._numbers[id(one.message)]: one.fit for one in around}
        numbers = [number for number, known in enumerate(self._codes) if code in known]
        if not numbers or (code in FOR_MANY_REASONS and found and found[0].sure and not found[0].message.summary):
            return ()
        best = max(fits.values(), default=1.0)
        sure = LIKELY if code in (REFUSED, "535") else 1.0
        meant = self._ranked((number, best + fits.get(number, 0.0), sure, best) for number in numbers)
        return (*meant, *(one for one in found if self._numbers[id(one.message)] not in numbers))

    def _tells(self, one: Found, best: Found) -> bool:
        """Whether `one` says more than that something failed, and is about as likely as the best."""
        if not best.message.summary:
            likely = one.score >= NEARLY * best.score
        elif best.message.program:
            likely = one.score >= best.score
        else:
            likely = one.fit >= NEARLY_AS_FIT * best.fit
        return one.sure and not one.message.summary and likely

    def _by_code(self, wanted: set[str]) -> tuple[Found, ...]:
        ends = tuple(wanted)
        numbers = [n for n, known in enumerate(self._codes) if ends and any(code.endswith(ends) for code in known)]
        return self._ranked((number, 10.0, 1.0, 10.0) for number in numbers) if numbers else ()

    def _search(
        self, typed: Mapping[str, str], program: str | None, meanings: _Meanings, *, alone: bool
    ) -> tuple[Found, ...]:
        """Search what was `typed`; one common word is enough only where it stands `alone`, not in a line of a log."""
        program = program or program_named(typed)
        direction = direction_named(typed) or WAYS.get(program or "")
        if len(typed) > 1:
            typed = {meant: word for meant, word in typed.items() if word not in PROGRAM_NAMES} or typed
        meant = self._known(typed, meanings)
        if not meant or (not program and PROTOCOLS.issuperset(meant)):  # a protocol alone says nothing of a fault
            return ()
        best: dict[int, tuple[float, float, float]] = {}
        asked = sum(
            max(map(self._weights.__getitem__, known), default=self._weight_of(word)) for word, known in meant.items()
        )
        enough = not ONLY_FAILED.issuperset(meant)
        sought = {word for known in meant.values() for word in known}
        alike = [other for word in sought for other in ALIKE.get(word, ())]
        rows = dict.fromkeys([*self._candidates(sought), *self._candidates(sought.union(alike) if alike else ())])
        if len(meant) == 1 and is_code(only := next(iter(meant))):
            rows = dict.fromkeys(row for row in self._rows if only in self._codes[row.number]) or rows
        for row in rows:
            met = [_met(known, row.words) for known in meant.values() if known]
            found = dict(sorted((pair for one in met for pair in one.items()), key=lambda pair: pair[1]))
            mass = sum(self._weights[word] * quality for word, quality in found.items())
            explained = sum(
                max((self._weights[word] * quality for word, quality in one.items()), default=0) for one in met
            )
            hits = sum(map(bool, met))
            of_row, of_query = mass / row.weight, min(1.0, explained / asked)
            whole = alone and (len(meant) == 1 or (of_row >= WHOLE and of_query >= WHOLE_QUERY))
            own = program is not None and self._messages[row.number].program == program
            whole = whole or (len(meant) == 1 and of_row >= WHOLE and (mass >= RARE or own))
            if hits < HITS_MIN and not whole:
                continue
            evidence = (of_row + of_query) / 2
            fit = evidence * math.sqrt(mass)
            score = fit * self._favour(self._messages[row.number], program, direction)
            if evidence >= LIKELY and (row.number not in best or score > best[row.number][0]):
                best[row.number] = (score, evidence if enough and mass >= ENOUGH else min(evidence, LIKELY), fit)
        return self._ranked((number, *found) for number, found in best.items())

    def _weight_of(self, unknown: str) -> float:
        if unknown in _ELSEWHERE:
            return self._unknown * ELSEWHERE_WEIGHT
        return self._unknown * (CODE_WEIGHT if _NUMBERED.search(unknown) else 1.0)

    def _favour(self, message: ProgramMessage, wanted: str | None, direction: Direction | None) -> float:
        factor = (
            OTHER_DIRECTION if direction and direction is not DIRECTIONS.get(message.diagnoses[0], direction) else 1.0
        )
        if not message.program:
            return factor
        if not wanted:
            return factor * (SELDOM if message.program in COMMAND_LINE else UNNAMED)
        return factor * (OWN_PROGRAM if message.program == wanted else OTHER_PROGRAM)

    def _ranked(self, scored: Iterable[tuple[int, float, float, float]]) -> tuple[Found, ...]:
        ranked = sorted(scored, key=lambda entry: (-entry[1], entry[0]))[:RESULTS_MAX]
        return tuple(
            Found(self._messages[number], score, evidence >= SURE, fit) for number, score, evidence, fit in ranked
        )

    def _candidates(self, found: Iterable[str]) -> list[_Row]:
        query = " OR ".join(f'"{word}"' for word in found)
        if not query:
            return []
        with self._lock:
            rows = self._database.execute(
                "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY bm25(texts) LIMIT ?", (query, CANDIDATES)
            ).fetchall()
        return [self._rows[number - 1] for (number,) in rows]

    def _known(self, typed: Mapping[str, str], meanings: _Meanings) -> _Meanings:
        """Return for each word typed the known words it may stand for, with how surely; none where all are unknown."""
        for meant, word in typed.items():
            if meant not in meanings:
                meanings[meant] = self._meanings(meant, word, guess=len(meanings) < WORDS_MAX)
        found = {meant: meanings[meant] for meant in typed}
        return found if any(found.values()) else {}

    def _meanings(self, meant: str, word: str, *, guess: bool) -> dict[str, float]:
        if meant in self._weights:
            return {meant: 1.0}
        if not guess or len(word) < PART_MIN or is_code(word) or meant in _ELSEWHERE:
            return {}
        if (parts := self._split(word)) != [word]:
            return {part: 0.9 for part in parts if part in self._weights}
        near = process.extractOne(word, self._written.get(word[0], ()), scorer=fuzz.ratio, score_cutoff=SLIP)
        if near is None:
            return {}
        return {part: GUESSED for part in self._split(self._surfaces[near[0]]) if part in self._weights}

    def _split(self, word: str) -> list[str]:
        """Return the known words that a compound is made of: German joins them, often with an s or n between."""
        for end in range(len(word) - PART_MIN, PART_MIN - 1, -1):
            first = self._surfaces.get(word[:end])
            if first is None:
                continue
            for joint in ("", "s", "n", "en", "es", "e"):
                rest = word[end + len(joint) :]
                if word[end:].startswith(joint) and len(rest) >= PART_MIN and (last := self._surfaces.get(rest)):
                    return [first, last]
        return [word]
