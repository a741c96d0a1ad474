"""What of a pasted text may be the message: what a server answered, then the lines, the last one first.

Programs wrap the reason into sentences of their own, mails that come back into a letter, logs into thousands of lines.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

LINES_MAX = 50  # of a log, the last ones
LINE_MAX = 2000  # characters
AFTER_ANSWER = 12  # lines at the end of a log among which what the server said last is looked for
PARTED_LINES, PARTS_MAX = 12, 6  # lines that are taken apart, and parts of each
STORY_MAX, STORY_PARTS = 2000, 8  # characters of a story, and parts of it, the last ones
SHORT_LINES, SHORT = 3, 600  # lines and characters of a text that is one message

# Where in a program a fault was met, as Python, Ruby, Java, JavaScript, PHP and Go write it below the message; what
# fetchmail says of a certificate that it takes, and curl of every connection.
_FRAME = re.compile(
    r"""
      \s*+ (?: File\s".*",\sline\s\d+ .*
    | (?:from\s)?\S+\.rb:\d+:in\s\S+(?:\s\S+){0,3}'
    | \*\s(?:Closing\sconnection|TLSv1).* | [{}]\s\[\d+\sbytes\sdata\]
    | fetchmail:\s(?:Server\scertificate:|(?:Unknown\s)?Issuer\s.*|Subject\s.*|.*\skey\sfingerprint:\s.*)
    | at\s[\w.$<>/ ]+\(.*\) | at\s\S+:\d+:\d+ | \#\d+\s.* | \S+\.go:\d+.* | [\^~\s]++ ) \s*
    """,
    re.VERBOSE,
)
_SENTENCE = re.compile(r"[.!?:]\W*$")
# Replies of SMTP that refuse (RFC 5321 ff.), not the ports 465 and 587; POP3's refusal; errors of OpenSSL, but not the
# end of a connection: it only follows what was refused before.
_CODE = r"(?:4(?:2[12]|3[12]|5[0-5]|71)|5(?:0[0-4]|2[1-5]|3[0-8]|4[12]|5[0-7]|71))"
_REPLY = re.compile(
    rf"""(?<![\w.:/#]) (?: ({_CODE}) [ -] (?: [45]\.\d\.\d+\b | (?=\D) ) | [45]\.\d\.\d{{1,3}} (?=\s[<A-Z]) )
    | -ERR\b | \berror:[0-9A-F]{{8}}:(?!.*unexpected\ eof)""",
    re.VERBOSE,
)
_CONTINUES = re.compile(rf"(?<![\w.:])({_CODE})-")
# What programs write before the words of a server, and after them.
_INTRODUCED = re.compile(
    r"""\b(?: antwortete | responded | (?:negative|smtp|server|whole)\s(?:reply|response|message) | with\smessage )
    (?:\s(?:error\s)?message)? (?:: | (?=\s["“„'])) \s* (\S.*)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# Why POP3 refused, for programs to read (RFC 2449, RFC 3206); 535 is a refused login (RFC 4954).
_CODES = r"\[(AUTH|IN-USE|LOGIN-DELAY|SYS/TEMP|SYS/PERM)\]"
_RESPONSE = re.compile(rf"^\s*(?:(-ERR|535)\b(?: ?{_CODES})?|{_CODES})", re.IGNORECASE)
# What a server says and is asked, as fetchmail, curl, msmtp and mpop show it on request.
_SAID = re.compile(r"^(?:\w+: )?(?:POP3|E?SMTP)?<(?:--)?\s+(\S.*)")
_ASKED = re.compile(r"^(?:\w+: )?(?:POP3|E?SMTP)?(?:--)?>\s+(\*|[A-Z]{4,8}\b)")
_PASSWORD_SENT = re.compile(r">\s+(?:\*|PASS(?: \*)?|AUTH(?: [\w-]+)?(?: \*)?)$")  # nothing goes on after it
_LOGS_IN = re.compile(r">\s+(?:AUTH|PASS)\b")
# Where a dialogue goes on that came as one line.
_GOES_ON = re.compile(
    r"(?<=\S)[^\S\n]++(?=(?:\w+: )?(?:POP3|E?SMTP)?(?:<--|-->|[<>])\s+\S|(?<!PASS )\* [A-Z]|curl: \(\d)"
)
# What is sent as a password: behind PASS and AUTH, or in a line of its own after AUTH.
_SECRET = re.compile(
    r"""((?:>|\bC:|\bsend:|\*cmd\*)\s*['"]?(?:PASS|AUTH\s+[A-Z][\w-]*)\s+|^\s*(?:PASS|AUTH\s+[A-Z][\w-]*)\s+(?=\S+\s*$))
    (\S+)(\s+\S.*)?$""",
    re.VERBOSE,
)
_CREDENTIALS = re.compile(r"""(\s*+(?:\S*>|C:|send:)?\s*+['"]?)[\w+/]{4,}={0,2}(?:\\r\\n)?['"]?\s*""")
_AUTH = re.compile(r"(?:^|>|\bC:|send:|\*cmd\*)\s*['\"]?AUTH\b")
NO_ANSWER = "No answer came to the password"
_AGREED = re.compile(r"\+OK\b|2\d\d\b|\.$", re.IGNORECASE)
_GOODBYE = re.compile(r"(?:\+OK|221)\b.*\bbye\b|2\d\d closing", re.IGNORECASE)
# An answer that says nothing without the command.
_NO_REASON = re.compile(
    r"\b(?:unknown|unrecognized) command|\bcommand (?:not |un)(?:recogni[sz]ed|implemented|understood|known)|^334 ",
    re.IGNORECASE,
)
# What a window quotes over several lines, before its advice.
_QUOTED = re.compile(r"\b(?:antwortete|responded):\s*(\S.*?)\.\s+(?:Bitte|Please)\b", re.IGNORECASE)
# A program that says what it was sending says more than a server's “no such user”.
_OF_THE_LOGIN = re.compile(r"\b(?:Benutzernamens|Passworts|username|password)\b[^\n]*$", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3,}")
_COLON = re.compile(r":\s")
_STOP = re.compile(r"(?<=[.!?])\s+")
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+")
_CLAUSES = re.compile(
    r"""(?<=[.!?;,])\s+ | \n+ | \s[-–]\s
    | \s(?:und|aber|sondern|weil|dass|wenn|obwohl|and|but|because|that|when|although|while)\s""",
    re.VERBOSE | re.IGNORECASE,
)
_ENCLOSED = re.compile(r"""[\[(„“"»`]([^\[\]()„“”"«»`]+)[\])“”"«`]""")
_REASON = re.compile(r"[^\W\d_]{2,}\W+[^\W\d_]{2,}|[^\W\d_]{10,}")
_ADVICE = re.compile(r"\.\s+(?:Bitte|Please)\b.*|\(in reply to [^)]*\).*|['\"],\s+\w+:\s.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """What may be the message. answer: what a server said, without what the program says of it."""

    text: str
    answer: bool = False


def masked(text: str) -> str:
    """Return `text` with each line of a dialogue in a line, and a star for what was sent as a password.

    Before anything is looked for, or shown back: people paste what a program says about its connection.
    """
    lines: list[str] = []
    if _LOGS_IN.search(text):
        text = _GOES_ON.sub("\n", text)
    awaited = False  # whether the next line that is sent is a password
    for raw in text.splitlines():
        line = _SECRET.sub(lambda found: f"{found[1]}*{' *' if found[3] else ''}", raw)
        if said := _SAID.match(line.strip()):
            awaited = said[1].split()[0] in ("+", "334")
        elif awaited and (found := _CREDENTIALS.fullmatch(line)):
            line, awaited = f"{found[1]}*", False
        elif _AUTH.search(line):
            awaited = True
        lines.append(line)
    return "\n".join(lines)


def pieces(text: str) -> tuple[list[Line], list[str]]:
    """Return what may be the message in a `masked` text, and parts of it that may be the reason.

    A short text as it is; of a log each line, the last one first. What a program breaks over two lines comes as one
    too. Sentences that stand in lines of their own, as in a window, count from the last one: it names the reason. What
    a server answered comes before what the program says of it.
    """
    lines = _unfolded(text)
    if len(lines) <= SHORT_LINES and sum(map(len, lines)) <= SHORT:
        found = [*_said_last(lines), *_short(lines)]
        return found, [
            part for line in (found[:1] if found[0].answer else found[-len(lines) :]) for part in _parts(line.text)
        ]
    last = list(dict.fromkeys(reversed(lines)))[:LINES_MAX]
    quoted = _QUOTED.findall(" ".join(lines[-AFTER_ANSWER:]))[-1:]
    found = [
        *(Line(answer, answer=True) for answer in quoted),
        *_said_last(lines),
        *(piece for line in last for piece in (*_answer(line), Line(line))),
    ]
    found += [Line(f"{earlier} {later}") for later, earlier in pairwise(last)]
    return found, [part for line in last[:PARTED_LINES] for part in _parts(line)]


def story(text: str) -> tuple[list[str], list[str]]:
    """Return the sentences of a `masked` story, none where there is but one; and what they are made of."""
    told = text[-STORY_MAX:]
    sentences, clauses = (
        list(dict.fromkeys(part for part in taken.split(told) if len(_WORD.findall(part)) > 1))[-STORY_PARTS:]
        for taken in (_SENTENCES, _CLAUSES)
    )
    return sentences if len(sentences) > 1 else [], clauses


def _short(lines: Sequence[str]) -> list[Line]:
    whole, single = [Line("\n".join(lines))], [Line(line) for line in lines[::-1] if len(lines) > 1]
    answer = [*_answer(whole[0].text)]
    as_window = not answer and all(_SENTENCE.search(line) for line in lines)
    return [*answer, *(single + whole if as_window else whole + single)]


def _unfolded(text: str) -> list[str]:
    """Return the lines without where the fault was met; a reply of several lines is one."""
    lines: list[str] = []
    for raw in text.splitlines():
        line = raw.strip()[-LINE_MAX:]
        if not line or _FRAME.fullmatch(line):
            continue
        before = lines[-1] if lines else ""
        more = [*_CONTINUES.finditer(before)][-1:]
        folded = raw[:1].isspace() and _REPLY.search(before) and not _REPLY.search(line)
        rest = re.search(rf"\b{more[0][1]}[ -].*", line) if more else None
        if len(before) < LINE_MAX and (folded or rest):
            lines[-1] = f"{before} {rest[0] if rest else line}"
        else:
            lines.append(line)
    return lines or [text.strip()[-LINE_MAX:]]


def _answer(text: str) -> Iterator[Line]:
    """Return what a server answered, if the text quotes it and says more."""
    found = [*_REPLY.finditer(text)]
    codes = [one[1] or one[0] for one in found]
    answer, start = "", found[codes.index(codes[-1])].start() if found else 0
    if start:
        answer = text[start:].partition("\n")[0]
    elif (introduced := _INTRODUCED.search(text)) and not _OF_THE_LOGIN.search(text[: introduced.start()]):
        answer = introduced[1]
    answer = _ADVICE.sub("", answer)
    if not _NO_REASON.search(answer) and len(_WORD.findall(answer)) > (0 if start else 2):
        yield Line(answer, answer=True)


def _said_last(lines: Sequence[str]) -> list[Line]:
    """Return what a dialogue ends with: a refusal, with the command where it says nothing alone, or no answer at all.

    Else what curl remarks last before it sums up.
    """
    said: list[str] = []
    remarks: list[Line] = []
    for line in reversed(lines[-AFTER_ANSWER:]):
        if line.startswith("* ") and not said:
            remarks = remarks or [Line(line[2:])]
        elif (asked := _ASKED.search(line)) and asked[1] != "QUIT":
            if not said:
                return [Line(NO_ANSWER)] if _PASSWORD_SENT.search(line) else remarks
            if _NO_REASON.search(said[-1]):
                said.insert(0, asked[1].replace("*", "AUTH"))
            break
        elif (quoted := _SAID.search(line)) and not _GOODBYE.match(quoted[1]):
            said.insert(0, "334 " if quoted[1].startswith("334 ") else quoted[1])
    if not said or _AGREED.match(said[-1]) or _NO_REASON.search(said[0]):
        return remarks
    return [Line(answer, answer=True) for answer in ([" ".join(said), *said] if len(said) > 1 else said)]


def response_code(text: str) -> str | None:
    """Return the code in what a server answered to a login, `-err` for a refusal without one; in lower case."""
    found = _RESPONSE.search(text)
    return (found[2] or found[3] or found[1]).lower() if found else None


def without_code(text: str) -> str:
    """Return what a POP3 server answered without its response code; any other text as it is."""
    return _RESPONSE.sub(lambda found: found[1] or "", text)


def _parts(line: str) -> list[str]:
    """Return what follows a colon, stands in brackets or in quotation marks; the last ones first."""
    after = [_STOP.split(line[colon.end() :])[0] for colon in _COLON.finditer(line)]
    found = [part for part in (*_ENCLOSED.findall(line), *after) if part != line and _REASON.search(part)]
    return list(dict.fromkeys(found[::-1]))[:PARTS_MAX]
