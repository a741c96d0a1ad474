"""Which passwords are among the first that a guesser tries, however long they are.

No list of leaked passwords: those of twelve characters and more are nearly all made by the same few rules. A password
is taken apart into what costs a guesser next to nothing (common words and names in German and English, words of the
place, years and other rows of digits, rows of keys, repetitions) and the rest, which decides: a sentence has plenty.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

ENOUGH = 6  # points below which a password is refused: three common words have as many
_WORD, _ROW = 2, 1  # points of a common word and of a row, whatever its length; every other character has one

_WORDS = """
password passwort kennwort parole losung geheim geheimnis secret login logon anmeldung zugang access account konto
user benutzer nutzer username admin administrator root master chef boss system server service support helpdesk hotline
hilfe help desk computer rechner laptop notebook internet netzwerk network windows linux ubuntu microsoft office
outlook thunderbird apple iphone android samsung google gmail facebook amazon ebay whatsapp instagram twitter youtube
netflix mail email postfach mailbox gmx webde pop imap smtp test tester testing demo default standard changeme letmein
welcome willkommen hallo hello guten morgen tag bitte danke please thanks start neu new temp temporary gast guest
public intern firma company betrieb buero arbeit work schule school universitaet uni hochschule lehrer schueler
student verein stadt stadtwerke gemeinde rathaus kreis landkreis amt verwaltung bank sparkasse versicherung praxis
klinik krankenhaus deutschland germany oesterreich austria schweiz berlin hamburg muenchen munich koeln frankfurt
stuttgart dresden leipzig hannover bremen nuernberg dortmund essen wien zuerich london paris bayern sachsen hessen
fruehling sommer herbst winter spring summer autumn januar februar maerz april mai juni juli august september oktober
november dezember january february march june july october december montag dienstag mittwoch donnerstag freitag
samstag sonntag monday tuesday wednesday thursday friday saturday sunday weihnachten ostern christmas love liebe
lieber iloveyou ichliebedich ich dich mein meine schatz schatzi engel angel baby sweet honey herz heart kiss kuss sex
hot girl boy mama papa mutter vater mother father oma opa bruder schwester brother sister familie family kind kinder
freund freunde friend friends mann frau sonne sunshine sonnenschein mond moon stern star sterne stars himmel regen
snow schnee blume flower rose garten haus home hund katze maus tiger loewe lion wolf baer bear pferd horse vogel eagle
adler dragon drache monkey affe dolphin delfin schmetterling butterfly panther cat dog puppy fussball football soccer
baseball basketball hockey schalke borussia werder hsv fcbayern arsenal liverpool chelsea barcelona ferrari porsche
mercedes bmw audi volkswagen yamaha harley superman batman spiderman starwars matrix pokemon pikachu naruto minecraft
fortnite hunter killer ninja princess prinzessin king koenig queen koenigin shadow phoenix merlin gandalf harry potter
metallica nirvana beatles cheese kaese schokolade chocolate cookie banane banana apfel orange kaffee coffee bier beer
pizza gold silver silber black white red blue green schwarz weiss rot blau gruen gelb yellow purple freedom freiheit
power money geld glueck lucky happy super mega whatever nothing nichts egal trustno trust michael thomas andreas
stefan stephan christian martin peter daniel alexander markus matthias frank sebastian tobias jan johannes felix lukas
maximilian paul jonas leon finn tim florian philipp patrick dennis marco oliver wolfgang klaus juergen sabine susanne
petra monika andrea claudia birgit anna maria laura julia lisa sarah lena lea katharina christina stefanie nicole
melanie jessica jennifer sandra daniela sophie emma mia hannah marie charlie ashley amanda michelle robert david john
james george jordan joshua matthew andrew jack max moritz qwert qwertz qwerty asdf yxcv zxcv
"""
_ROWS = (
    "01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertzuiopue", "qwertyuiop", "asdfghjkloeae", "asdfghjkl", "yxcvbnm",
    "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6zhn7ujm", "1q2w3e4r5t6z7u8i9o0p", "1q2w3e4r5t6y7u8i9o0p", "qaywsxedcrfvtgbzhnujm",
    "qazwsxedcrfvtgbyhnujm",
)  # fmt: skip
_ROW_MIN = 3
_LEET = tuple(str.maketrans("034578@$€1!|", f"oeastbase{letter * 3}") for letter in "il")  # p@$$w0rt


def is_guessable(password: str, places: Iterable[str] = ()) -> bool:
    """Whether `password` has too little beside what is tried first. places: names whose words count as common."""
    text = _plain(password)
    own = {word for place in places for word in re.findall(r"[a-z]{3,}", _plain(place))}
    return sum(_points(text, sorted(own, key=len, reverse=True))) < ENOUGH


def _points(text: str, own: list[str]) -> Iterator[int]:
    """Yield the points of each part of `text`; what came before costs nothing."""
    spellings = (text, *(text.translate(leet) for leet in _LEET))
    seen: set[str] = set()
    start = 0
    while start < len(text):
        part, points = _part(spellings, start, own)
        yield 0 if part in seen or not part.isalnum() else points
        seen.add(part)
        start += len(part)


def _part(spellings: tuple[str, ...], start: int, own: list[str]) -> tuple[str, int]:
    """Return the longest cheap part that begins at `start`, or the character there."""
    text = spellings[0]
    row = max((_row(text, start), _year(text, start), _repetition(text, start)), key=len)
    words = (word for spelling in spellings for word in (*own, *_words()) if spelling.startswith(word, start))
    word = max(words, key=len, default="")
    if word and len(word) >= len(row):
        return text[start : start + len(word)], _WORD
    return (row, _ROW) if row else (text[start], 1)


def _row(text: str, start: int) -> str:
    """Return how much of `text` at `start` is a piece of a row of keys, in either direction; "" below three."""
    longest = 0
    for row in _rows():
        for end in range(len(text), start + max(longest, _ROW_MIN - 1), -1):
            if text[start:end] in row:
                longest = end - start
                break
    return text[start : start + longest]


def _year(text: str, start: int) -> str:
    found = re.compile(r"(?:19|20)\d\d").match(text, start)
    return found[0] if found else ""


def _repetition(text: str, start: int) -> str:
    """Return the same piece again and again: aaaa, abab, 121212."""
    found = re.compile(r"(.{1,4}?)\1{2,}").match(text, start)
    return found[0] if found else ""


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        folded = folded.replace(umlaut, letters)
    return folded


@cache
def _words() -> tuple[str, ...]:
    return tuple(dict.fromkeys(_WORDS.split()))


@cache
def _rows() -> tuple[str, ...]:
    return tuple(text for row in _ROWS for text in (row * 2 if row[0].isdigit() else row, (row * 2)[::-1]))
