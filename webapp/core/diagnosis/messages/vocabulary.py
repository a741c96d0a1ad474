"""The words of messages: folded, without names, one word for one meaning.

What differs from person to person (addresses, servers, paths, times, numbers of lines) says nothing of the cause.
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import Enum

_UMLAUTS = (("ß", "ss"), ("ae", "a"), ("oe", "o"), ("ue", "u"))
_SIGNS = re.compile(r"[€£§]|\b[äöüß]\b")  # of a password, named alone
_WORD = re.compile(r"[a-z0-9]+")
_BORING = re.compile(
    r"""
      \S+@\S+                                             # addresses
    | \b(?:[a-z]+:)?//\S+(?=\s|$)                         # links
    | (?:/[\w.+-]+){2,}(?::\d+)* | \b\w:\\\S+             # paths
    | \bfile\s"[^"]*",\sline\s\d+(?:,\sin\s\S+)?          # of a traceback
    | \b[\w-]+\.(?:c|cc|cpp|py|js|go|java|rb|php|h)\b(?::\d+)*
    | \b\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b                 # days
    | \b\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?\b            # times
    | \b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b                # addresses of computers
    | \blocalhost\b(?::\d+)?
    | \b(?:[a-z0-9-]+\.)+(?:net|com|de|org|at|ch|example|local|info)\b(?::\d+)?
    | \b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{9,}\b   # handles and ids
    | \b(?:user|r?host|[rl]ip|session|m?pid|from|relay|delays?|msgid|recipients?)=\S+  # what servers' logs add
    | \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b    # ids
    | \b\d{6,}\b
    # how many there are: such a number is no reply of a server
    | \b\d{1,5}\b(?=\s+(?:(?:neu|alt|ungelesen)en?\s+|(?:new|old|unread)\s+)?
      (?:(?:e-?)?mails|nachrichten|messages|elemente|items|[kmg]b|tagen?|days|stunden|hours|minuten|minutes|euro)\b)
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Of GMX's own names those tell something that are not the right ones.
_HOST = re.compile(r"\b(?:pop3?|imap|smtp|mail|mx[0-9]*)\.gmx\.(?:net|com|de|at|ch)\b", re.IGNORECASE)
_RIGHT_HOSTS = ("pop.gmx.net", "mail.gmx.net", "imap.gmx.net")
# Of a link to GMX's postmaster only the reason says something.
# GMX's servers for sending and for other providers; their numbers say nothing.
_SERVER = re.compile(r"\b(m[rx](?:gmx|web))\d+\b", re.IGNORECASE)
# The code beside a reply (RFC 3463), such as 5.7.8; not the version of a program.
_STATUS = re.compile(r"(?<![\w.#-])([245])\.([0-7])\.(\d{1,3})(?![\w.-]*\d)", re.ASCII)
_REASON = re.compile(r"[?&]c=([a-z0-9]+)", re.IGNORECASE)
# Eight hexadecimal signs as people type them: with blanks, × for x, the letter O for zero.
_PART_OF_CODE = re.compile(r"\bc{2,3}[0-9a-f]{2}\b")
_CODE = re.compile(r"(?<![0-9a-z])(?:[0o]\s?[x×]\s?)?(8[0o][0-9a-fo](?:[ -]?[0-9a-fo]){5})(?![0-9a-z])")
_ENDINGS = ("ungen", "ung", "ern", "ing", "est", "em", "en", "er", "es", "ed", "et", "te", "e", "n", "s", "t")
_CAMEL = re.compile(r"(?<=[a-zäöü]{2})(?=[A-Z])|(?<=[A-Z]{3})(?=[A-Z][a-z]{4})")  # not iPhone
# Words that stand in every sentence, folded.
STOP_WORDS = frozenset(
    _WORD.findall(
        """der die das dem den des ein eine einen einem einer und oder ist sind wird werden wurde wurden worden bin
        kann konnen konnte konnten hat haben habe hatte mit auf zu zum zur vom von im in an am so mich mir uns man
        als aus bei bis durch fur es ich er sie wir ihr ihre ihren ihrem ihrer ihrs mein meine meinen meinem meiner sich
        wie was warum wieso wo wenn weil dass noch nur schon jetzt hier da auch mal bitte soll sollte will
        dann aber um uber nach seit diese dieser dieses diesen dies etwas ganz sehr mehr ob obwohl also the an of to
        is are was be been by with your my you it can could has have had that this and or for on a i we our us me
        in at from as if when do dos did am please should will would so but its there then which who
        gmx webde mailcom konto account programm program software fehler error exception java javax errno fault
        fehlermeldung meldung problem einfach werde einmal gerade leider warning failure info since when than then into
        over due du dich dir dein deine probleme hilfe help code openssl reported routines operation
        occurred occur occurs aufgetreten leider erfolgreich successful successfully"""
    )
)
# Programs as people name them, folded.
PROGRAM_NAMES = {
    "outlook": "outlook", "thunderbird": "thunderbird", "apple": "apple-mail", "iphone": "apple-mail",
    "ipad": "apple-mail", "mac": "apple-mail", "ios": "apple-mail", "macos": "apple-mail",
    "android": "thunderbird-android", "k9": "thunderbird-android", "fairemail": "fairemail", "getmailrc": "getmail",
}  # fmt: skip
DEVICE = "drucker"  # the meaning of printers, scanners and other devices; no message of a program is theirs
COMMAND_LINE = frozenset(("fetchmail", "getmail", "mpop", "msmtp", "curl"))
PROGRAM_NAMES |= {name: name for name in COMMAND_LINE}


class Direction(Enum):
    """Which way mail goes."""

    RECEIVING = "receiving"
    SENDING = "sending"


# How servers for sending refuse (RFC 5321).
_REFUSALS = ("421", "450", "451", "452", "454", "500", "501", "503", "504", "530", "535", "550", "552", "553", "554")
# The protocols (only POP3 refuses with -ERR), the programs that go one way, and the causes that belong to one way.
_RECEIVES, _SENDS = ("pop", "pop3", "pop3s", "imap"), ("smtp", "smtps", "esmtp")
PROTOCOLS = frozenset((*_RECEIVES, *_SENDS))
_PROTOCOLS = dict.fromkeys((*_RECEIVES, "err"), Direction.RECEIVING) | dict.fromkeys(
    (*_SENDS, *_REFUSALS), Direction.SENDING
)
WAYS = dict.fromkeys(("fetchmail", "getmail", "mpop"), Direction.RECEIVING) | {"msmtp": Direction.SENDING}
DIRECTIONS = dict.fromkeys(
    ("login-refused", "mailbox-in-use", "fetched-too-often", "no-message-numbers"), Direction.RECEIVING
) | dict.fromkeys(
    (
        "login-refused-for-sending", "sending-login-off", "sender-not-allowed", "recipient-refused", "message-refused",
        "sending-refused-for-now", "sending-paused", "too-many-mails",
    ),
    Direction.SENDING,
)  # fmt: skip

# Words of other things that go wrong: what is said of them is no fault of mail.
ELSEWHERE = frozenset(
    _WORD.findall(
        """mysql mariadb postgresql sql sqlite docker npm pip numpy module modul git origin commit bluetooth excel
        powerpoint firefox chrome edge browserverlauf signatur signature kalender calendar termin rechnung invoice
        bildschirm tastatur keyboard monitor battery akku abo vertrag pointer traceback javascript json xml html css
        404 403 500 webseite website parcel paket wetter weather schriftgrosse font ausdrucken gdm kernel ubuntu windows
        update neustart reboot segmentation kopfhorer headphones paper papier wordpress warenkorb checkout minutes
        newsletter filter spiel game steam minecraft database datenbank daemon repository danke thanks"""
    )
)
# One word for what people call by several names, in both languages, folded.
SAME = {
    same: word
    for word, others in {
        "passwort": "passworter kennwort kennworter password passwords passphrase passwd pass pw",
        "mail": "mails email emails nachricht nachrichten message messages post e-mail e-mails elemente",
        "senden": "versenden verschicken schicken rausschicken gesendet verschickt send sending sent sendet abschicken "
        "versendet schickt versand submission",
        "empfangen": "abrufen abholen abruf empfang receive receiving fetch fetching fetched empfangt rufe abgerufen "
        "bekommen bekomme krieg kriege erhalte erhalten abzurufen retrieve retrieving holt holen download downloaded "
        "heruntergeladen geladen laden get kommt kommen ankommen",
        "anmeldung": "anmelden login logon einloggen logins anmeldedaten authentifizierung authentication authenticate "
        "authentifizieren authentisierung authenticated auth identifizierung anmeldeinformationen credentials "
        "authorization authorisation "
        "unauthorized unauthorised autorisierung autorisiert authorized authorised legitimierung credential "
        "anmeldename logging log signin",
        "falsch": "inkorrekt incorrect invalid wrong falsches falsche ungultig ungultige ungultiger bad stimmt",
        "abgelehnt": "rejected refused denied verweigert zuruckgewiesen abgewiesen reject verweigerte declined deny "
        "lehnt angenommen akzeptiert",
        "fehlgeschlagen": "failed failure fails fail gescheitert misslungen unsuccessful unable couldnt cannot cant "
        "unmoglich erfolglos unmoeglich geht klappt funktioniert work works working wont hangs",
        "nicht": "kein keine keinen no not nichts nothing never none ohne without didnt doesnt nix nich",
        "mailbox": "postfach inbox maildrop posteingang postfaches",
        "voll": "full uberschritten quota exceeded speicherplatz storage speicher",
        "zertifikat": "certificate certificates zertifikats cert certs zertifikate sicherheitszertifikat",
        "verbindung": "connection verbinden connect connecting connected verbunden verbindungsaufbau",
        "unterbrochen": "interrupted reset zuruckgesetzt abgebrochen closed lost verloren broken unterbrochene "
        "getrennt beendet beendete terminated disconnected aborted dropped abbruch",
        "zeituberschreitung": "timeout timedout timeouts zeitlimit ablaufzeit",
        "unbekannt": "unknown unbekannte unbekannter gefunden found",
        "sicherheit": "security sicher sichere secure unsicher insecure sicheren unsichere",
        "verschlusselung": "encryption encrypted verschlusselt verschlusselte verschlusselten unencrypted",
        "absender": "sender from absenderadresse senders mailfrom",
        "empfanger": "recipient recipients rcpt empfangers adressat",
        "gesperrt": "blocked locked blockiert sperre sperrung lock block suspended gesperrte geblockt",
        "doppelt": "zweimal mehrfach duplicate duplicates twice doppelte dupliziert",
        "verschwunden": "verschwinden weg vanish vanished disappear disappeared geloscht deleted verschwindet gone",
        "fehlt": "fehlen missing fehlende fehlenden misses",
        "abgelaufen": "expired expires expire ablauf",
        "server": "servers host servern hostname servername mailserver",
        "adresse": "address addresses adressen",
        "user": "users",
        "benutzername": "username benutzer benutzernamen usernames nutzername kontoname accountname anwendername",
        "ausgang": "outgoing postausgang outbox postausgangsserver ausgehend",
        "eingang": "incoming posteingangsserver eingehend",
        "einstellungen": "settings konfiguration configuration einstellung config setup",
        "code": "codes",
        "antwort": "response reply answer antwortet reagiert responding respond responded antwortete answered",
        "gestern": "yesterday",
        "handy": "smartphone phone telefon mobile mobil",
        "drucker": "printer scanner printers nas kopierer faxgerat multifunktionsgerat canon epson brother ricoh "
        "kyocera xerox lexmark konica synology qnap truenas fritzbox mfp copier laserjet officejet",
        "ausdrucken": "drucken drucke druckt gedruckt print printing",
        "umlaut": "umlaute umlauten umlauts sonderzeichen eurozeichen paragrafenzeichen paragraphenzeichen",
        "datum": "date uhr uhrzeit clock",
        "immer": "always standig dauernd wieder keeps again repeatedly andauernd wiederholt",
        "geandert": "changed change changes gewechselt neues new",
        "postausgangskorb": "stuck hangen hangt hangend",
    }.items()
    for same in (word, *others.split())
}

# Words that can stand for each other, and not always: "no attempts" are no failed ones, and "does not go" is failed; a
# user is whoever logs in, and of a server that takes mail the recipient.
ALIKE = {
    "nicht": ("fehlgeschlagen",), "fehlgeschlagen": ("nicht",), "user": ("benutzername",), "benutzername": ("user",)
}  # fmt: skip
ONLY_FAILED = frozenset(("nicht", "fehlgeschlagen"))  # all that “it does not work” says


def fold(text: str) -> str:
    """Return `text` in lower case without accents; ä, ae and a are one and the same."""
    decomposed = unicodedata.normalize("NFKD", _SIGNS.sub(" sonderzeichen ", text).casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    for written, meant in _UMLAUTS:
        plain = plain.replace(written, meant)
    return plain.replace("\u2019", "").replace("'", "").replace("timed out", "timeout")


def stem(word: str) -> str:
    """Return `word` without the ending that a sentence gives it, in either language; short ones as they are."""
    if word.startswith("ge") and len(word) > 6 and word.endswith(("t", "en")):
        word = word[2:]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def words(text: str) -> dict[str, str]:
    """Return the words in `text` that say something: meaning (one word for all that mean the same) and word, folded."""
    text = _STATUS.sub(r" \1x\2x\3 ", text)
    text = _BORING.sub(" ", _HOST.sub(_one_word, _REASON.sub(r" \1 ", _SERVER.sub(r"\1", text))))
    found = _WORD.findall(fold(_CAMEL.sub(" ", text)))
    return {meaning(word): word for word in reversed(found) if word not in STOP_WORDS and len(word) > 1}


def _one_word(host: re.Match[str]) -> str:
    name = host[0].lower()
    return " " if name in _RIGHT_HOSTS else f" {re.sub('[^a-z0-9]', '', name)} "


def meaning(word: str) -> str:
    """Return the word that stands for `word` and all that mean the same."""
    return SAME.get(word) or _STEMS.get(stem(word)) or (word if word.isdigit() else stem(word))


_STATUS_WORD = re.compile(r"[245]x\dx\d{1,3}")
_STEMS = {stem(written): word for written, word in reversed(SAME.items())}


def is_code(word: str) -> bool:
    """Whether `word` is the number of a reply, or the code beside it."""
    return word.isdigit() or _STATUS_WORD.fullmatch(word) is not None


def codes(text: str) -> set[str]:
    """Return the Windows error codes in `text`, or their ends, without 0x, in lower case."""
    text = text.lower()
    return {
        re.sub(r"[ -]", "", code).replace("o", "0") for code in (*_CODE.findall(text), *_PART_OF_CODE.findall(text))
    }


def program_named(found: Mapping[str, str]) -> str | None:
    """Return the program that one of the words names, `DEVICE` for what only sends."""
    named = next((PROGRAM_NAMES[word] for word in found.values() if word in PROGRAM_NAMES), None)
    return named or (DEVICE if DEVICE in found else None)


def direction_named(found: Mapping[str, str]) -> Direction | None:
    """Return the way that a protocol among the words names; None where none or both are named."""
    named = {_PROTOCOLS[word] for word in found.values() if word in _PROTOCOLS}
    return named.pop() if len(named) == 1 else None
