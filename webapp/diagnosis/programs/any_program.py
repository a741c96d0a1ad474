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


def _encryption(text: str, diagnoses: str, source: str = "") -> ProgramMessage:
    """What libraries for TLS say, and programs pass on; OpenSSL's words, English in every language."""
    confidence = Confidence.THIRD_PARTY if source else Confidence.GENERAL
    return ProgramMessage("", {"en": text}, tuple(diagnoses.split()), (), source, confidence)


MESSAGES: tuple[ProgramMessage, ...] = (
    _noticed(
        "Das Passwort ist falsch", "The password is wrong", "login-refused old-password-saved app-password-needed"
    ),
    _noticed(
        "Das Passwort wird nicht angenommen oder ist vergessen",
        "The password is not accepted or is forgotten",
        "login-refused old-password-saved app-password-needed",
    ),
    _noticed(
        "Das Programm fragt immer wieder nach dem Passwort (Kennwort)",
        "The program keeps asking for the password",
        "login-refused old-password-saved app-password-needed",
    ),
    _noticed(
        "Anmeldung fehlgeschlagen, Anmeldung oder Passwort abgelehnt",
        "Login failed, login or password rejected",
        "login-refused old-password-saved app-password-needed",
    ),
    _noticed(
        "Der Server antwortet nicht, keine Verbindung zum Server",
        "The server does not answer, no connection to the server",
        "port-blocked not-online name-not-found",
    ),
    _noticed(
        "Ich kann keine E-Mails empfangen",
        "I cannot receive e-mails",
        "login-refused port-blocked not-online",
    ),
    _noticed(
        "Ich kann keine E-Mails senden",
        "I cannot send e-mails",
        "login-refused-for-sending sending-login-off port-blocked",
    ),
    _noticed(
        "Empfangen geht, Senden geht nicht, E-Mails bleiben im Postausgang",
        "Receiving works, sending does not, e-mails stay in the outbox",
        "login-refused-for-sending sending-login-off port-blocked",
    ),
    _noticed(
        "Bisher ging es, seit kurzem kommen keine neuen E-Mails mehr an",
        "It used to work, lately no new e-mails arrive",
        "login-refused old-password-saved not-online",
    ),
    _noticed(
        "E-Mails kommen nicht an, Ordner, Spam oder gesendete E-Mails fehlen",
        "E-mails do not arrive, folders, spam or sent e-mails are missing",
        "mails-missing mails-vanish",
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
        "Das Postfach ist voll, der Speicher ist voll",
        "The mailbox is full, storage is full",
        "mailbox-full",
    ),
    _noticed(
        "Das Programm warnt vor dem Zertifikat, vor einer unsicheren Verbindung oder fragt nach einer Ausnahme",
        "The program warns of a certificate or of an unsafe connection, or asks for an exception",
        "exception-asked certificate-wrong-host clock-wrong",
    ),
    _noticed(
        "Der Abruf dauert sehr lange oder ist langsam",
        "Fetching e-mails takes very long or is slow",
        "broken-ipv6 mailbox-very-large connection-interrupted",
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
    ProgramMessage(
        "",
        {"de": "Login vorübergehend nicht möglich", "en": "Login temporarily not possible"},
        ("login-paused",),
        source=_LOCKED,
        confidence=Confidence.SOURCE,
    ),
    ProgramMessage(
        "",
        {
            "de": "Sicherheitsüberprüfung. Identitätsprüfung. Konto gesperrt. Neues Passwort festlegen",
            "en": "Security check. Account locked. Set a new password",
        },
        ("security-check", "login-paused"),
        source=_LOCKED,
        confidence=Confidence.SOURCE,
    ),
    _noticed("Der Server wurde nicht gefunden", "The server was not found", "name-not-found not-online"),
    _noticed(
        "Als Server steht pop.gmx.de, smtp.gmx.de, smtp.gmx.net oder ein anderer erratener Name da",
        "The server is pop.gmx.de, smtp.gmx.de, smtp.gmx.net or another name that was guessed",
        "certificate-wrong-host name-not-found",
    ),
    _noticed(
        "Anschluss (Port) 25: keine Verbindung, Zeitüberschreitung beim Senden",
        "Port 25: no connection, time-out when sending",
        "port-blocked mail-exchanger-as-server",
    ),
    _noticed(
        "Host unbekannt, Name nicht aufgelöst (NXDOMAIN, getaddrinfo failed)",
        "Unknown host, name not resolved (NXDOMAIN, getaddrinfo failed)",
        "name-not-found not-online",
    ),
    _server(
        "-ERR authentication failed",
        "",
        "login-refused app-password-needed",
        "https://github.com/jens-maus/yam/issues/638",
        Confidence.THIRD_PARTY,
    ),
    _server(
        "NO authentication failed (IMAP)",
        "",
        "login-refused imap-chosen app-password-needed",
        "https://github.com/thunderbird/thunderbird-android/issues/5780",
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
        "550 553",
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
        "554 Nemesis ESMTP Service not available. No SMTP service. IP address is block listed (c=bl, c=r0201, c=r0301)",
        "554",
        "address-blocked mail-exchanger-as-server",
        _POSTMASTER,
        Confidence.SOURCE,
    ),
    _server(
        "421 Nemesis ESMTP Service not available. Requested action aborted. Administrative reject",
        "421",
        "gmx-busy address-blocked",
        _POSTMASTER,
        Confidence.THIRD_PARTY,
    ),
    _server(
        "554 Relay access denied. 550 Relaying denied",
        "550 554",
        "sending-login-off",
        "https://www.rfc-editor.org/rfc/rfc4954#section-6",
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
    _encryption(
        "SSL: wrong version number, unexpected message, packet length too long, handshake failure",
        "encryption-mismatch local-scanner",
    ),
    _encryption(
        "certificate verify failed: Hostname mismatch, certificate is not valid for pop.gmx.de",
        "certificate-wrong-host local-scanner",
        "https://github.com/noxxi/p5-net-sslglue",
    ),
    _encryption(
        "certificate verify failed: unable to get local issuer certificate, self-signed certificate",
        "local-scanner exception-asked",
    ),
    _encryption(
        "SSL: unsupported protocol, version too low, tlsv1 alert protocol version (alert 70)",
        "tls-too-old encryption-mismatch",
    ),
)
