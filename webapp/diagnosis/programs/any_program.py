"""What does not belong to one program: GMX's own words, which programs pass on, and what people notice themselves."""

from __future__ import annotations

from webapp.diagnosis.programs.message import Confidence, ProgramMessage

_POSTMASTER = "https://postmaster.gmx.com/en/error-messages"
_LOCKED = "https://hilfe.gmx.net/account/gesperrt.html"


def _server(text: str, codes: str, diagnoses: str, source: str, confidence: Confidence) -> ProgramMessage:
    """A reply of the server; it is English in every language."""
    return ProgramMessage("", {"en": text}, tuple(diagnoses.split()), tuple(codes.split()), source, confidence)


def _noticed(de: str, en: str, diagnoses: str) -> ProgramMessage:
    return ProgramMessage("", {"de": de, "en": en}, tuple(diagnoses.split()))


MESSAGES: tuple[ProgramMessage, ...] = (
    _server(
        "-ERR authentication failed",
        "",
        "login-refused app-password-needed",
        "https://github.com/jens-maus/yam/issues/638",
        Confidence.THIRD_PARTY,
    ),
    _server(
        "535 Authentication credentials invalid",
        "535",
        "login-refused-for-sending login-refused",
        "https://github.com/muquit/mailsend-go/issues/67",
        Confidence.THIRD_PARTY,
    ),
    _server(
        "550 Requested action not taken: mailbox unavailable. Sender address is not allowed",
        "550",
        "sender-not-allowed",
        "https://github.com/hpi-swt2/sport-portal/issues/462",
        Confidence.THIRD_PARTY,
    ),
    _server(
        "550 Requested action not taken: mailbox unavailable. Failure sending mail. Try again later",
        "550",
        "sending-paused",
        "https://github.com/jstedfast/MailKit/issues/968",
        Confidence.THIRD_PARTY,
    ),
    _server(
        "550 Requested action not taken: mailbox unavailable",
        "550",
        "recipient-refused sender-not-allowed",
        "https://github.com/nodemailer/nodemailer/issues/548",
        Confidence.THIRD_PARTY,
    ),
    _server(
        "554 Transaction failed. Reject due to policy restrictions. For explanation visit postmaster.gmx.net",
        "554",
        "message-refused",
        "https://github.com/authelia/authelia/issues/2571",
        Confidence.THIRD_PARTY,
    ),
    _server(
        "554 Nemesis ESMTP Service not available. No SMTP service. Bad DNS PTR resource record",
        "554",
        "mail-exchanger-as-server address-blocked",
        _POSTMASTER,
        Confidence.SOURCE,
    ),
    _server(
        "554 Nemesis ESMTP Service not available. No SMTP service. IP address is block listed",
        "554",
        "address-blocked mail-exchanger-as-server",
        _POSTMASTER,
        Confidence.SOURCE,
    ),
    _server(
        "421 Rate limit reached. 450 Reject due to policy violations",
        "421 450",
        "too-many-mails",
        _POSTMASTER,
        Confidence.THIRD_PARTY,
    ),
    _server(
        "451 Requested action aborted: local error in processing",
        "451 421",
        "sending-refused-for-now gmx-busy",
        _POSTMASTER,
        Confidence.THIRD_PARTY,
    ),
    _server(
        "503 Bad sequence of commands",
        "503",
        "encryption-mismatch",
        "https://github.com/deanproxy/eMail/issues/7",
        Confidence.THIRD_PARTY,
    ),
    _server(
        "530 Authentication required",
        "530",
        "sending-login-off",
        "https://www.rfc-editor.org/rfc/rfc4954#section-6",
        Confidence.SOURCE,
    ),
    _server(
        "552 Requested mail action aborted: exceeded storage allocation",
        "552",
        "mailbox-full",
        "https://www.rfc-editor.org/rfc/rfc5321#section-4.2.2",
        Confidence.SOURCE,
    ),
    ProgramMessage(
        "",
        {"de": "Login vorübergehend nicht möglich", "en": "Login temporarily not possible"},
        ("login-paused",),
        source=_LOCKED,
        confidence=Confidence.SOURCE,
    ),
    ProgramMessage(
        "",
        {"de": "Sicherheitsüberprüfung. Identitätsprüfung. Konto gesperrt", "en": "Security check. Account locked"},
        ("security-check", "login-paused"),
        source=_LOCKED,
        confidence=Confidence.SOURCE,
    ),
    _noticed(
        "E-Mails verschwinden bei GMX, sind weg, auf dem Server gelöscht oder fehlen auf dem Handy",
        "E-mails vanish from GMX, are deleted on the server or are gone from the phone",
        "mails-vanish mails-missing",
    ),
    _noticed(
        "E-Mails kommen doppelt an, alle alten E-Mails werden noch einmal geladen",
        "E-mails arrive twice, duplicates, all old e-mails are downloaded again",
        "mails-twice",
    ),
    _noticed(
        "E-Mails kommen nicht an, Ordner, Spam oder gesendete E-Mails fehlen",
        "E-mails do not arrive, folders, spam or sent e-mails are missing",
        "mails-missing mails-vanish",
    ),
    _noticed(
        "Das Konto ist ein IMAP-Konto geworden, POP3 wurde nicht genommen",
        "The account became an IMAP account, POP3 was not used",
        "imap-chosen pop-not-offered",
    ),
    _noticed(
        "Mein Programm bietet POP3 nicht zur Auswahl an",
        "My program offers no POP3 to choose",
        "pop-not-offered imap-chosen",
    ),
    _noticed(
        "Empfangen geht, Senden geht nicht, E-Mails bleiben im Postausgang",
        "Receiving works, sending does not, e-mails stay in the outbox",
        "login-refused-for-sending sending-login-off port-blocked",
    ),
    _noticed(
        "Das Programm fragt immer wieder nach dem Passwort (Kennwort)",
        "The program keeps asking for the password",
        "login-refused old-password-saved app-password-needed",
    ),
    _noticed(
        "Das Postfach ist voll, der Speicher ist voll",
        "The mailbox is full, storage is full",
        "mailbox-full",
    ),
    _noticed(
        "Der Abruf dauert sehr lange oder ist langsam",
        "Fetching e-mails takes very long or is slow",
        "broken-ipv6 mailbox-very-large connection-interrupted",
    ),
)
