"""Classic Outlook for Windows: its codes, which are the same in every language, and what stands beside them.

The names behind 0x800CCC.. are constants of Microsoft's internet mail component (FAILED_TO_CONNECT, TIMEOUT …); the
tables that list them are third-party copies.
"""

from __future__ import annotations

from webapp.diagnosis.programs.message import Confidence, ProgramMessage

_TABLE = "http://tthosting.dk/MSOutlookErrorCodes.htm"
_POP3_TABLE = "http://pc-error-free.com/blog/?p=20"
_CONNECT = "https://irohastack.com/en/outlook-0x800ccc0e-4-en/"
_SEND = "https://irohastack.com/?p=4177"
_TLS = "https://irohastack.com/en/outlook-tls-ssl-error-en/"
_AUTH_530 = (
    "https://blog.silverpc.hu/2025/08/29/e-mail-versand-blockiert-so-entschlusseln-und-beheben-sie-den-serverfehler-530"
    "-und-fehlernummer-0x800ccc78"
)
_AUTH_80 = "https://microsoftmessageid.com/?p=991"


def _outlook(de: str, en: str, codes: str, diagnoses: str, source: str = "") -> ProgramMessage:
    return ProgramMessage(
        program="outlook",
        texts={"de": de, "en": en},
        codes=tuple(codes.split()),
        diagnoses=tuple(diagnoses.split()),
        source=source,
        confidence=Confidence.THIRD_PARTY if source else Confidence.GENERAL,
    )


MESSAGES: tuple[ProgramMessage, ...] = (
    _outlook(
        "Outlook kann keine Verbindung mit dem Posteingangsserver (POP3) oder Postausgangsserver (SMTP) herstellen.",
        "Outlook cannot connect to your incoming (POP3) or outgoing (SMTP) e-mail server.",
        "0x800CCC0E",
        "port-blocked name-not-found encryption-mismatch",
        _CONNECT,
    ),
    _outlook(
        "Ihr E-Mail-Server wurde nicht gefunden. Überprüfen Sie die Servernamen in den Kontoeigenschaften.",
        "Cannot find the e-mail server. Verify the server information in your account properties.",
        "0x800CCC0D",
        "name-not-found not-online",
        _TABLE,
    ),
    _outlook(
        "Die Verbindung zum Server wurde unterbrochen.",
        "The connection to the server was interrupted.",
        "0x800CCC0F",
        "connection-interrupted encryption-mismatch local-scanner",
        _TABLE,
    ),
    _outlook(
        "Zeitüberschreitung bei der Kommunikation mit dem Server.",
        "The operation timed out waiting for a response from the receiving (POP) server.",
        "0x800CCC19 0x8004210A",
        "connection-interrupted port-blocked",
        _TABLE,
    ),
    _outlook(
        "Der Server unterstützt den angegebenen Verbindungsverschlüsselungstyp nicht.",
        "Your server does not support the connection encryption type you have specified.",
        "0x800CCC1A",
        "encryption-mismatch encryption-missing tls-too-old",
        _TABLE,
    ),
    _outlook(
        "Eine verschlüsselte Verbindung mit dem E-Mail-Server ist nicht verfügbar.",
        "An encrypted connection to your mail server is not available.",
        "",
        "encryption-mismatch tls-too-old local-scanner",
        _TLS,
    ),
    _outlook(
        "Ihr Posteingangsserver hat die Anmeldung zurückgewiesen. Überprüfen Sie Benutzername und Kennwort.",
        "The e-mail server rejected your login. Verify your user name and password.",
        "0x800CCC92",
        "login-refused old-password-saved",
        _POP3_TABLE,
    ),
    _outlook(
        "Der Benutzername wurde nicht gefunden oder ist falsch.",
        "Invalid user name or user not found.",
        "0x800CCC91",
        "login-refused",
        _POP3_TABLE,
    ),
    _outlook(
        "Der Server hat mit einem Fehler geantwortet: -ERR authentication failed",
        "Your incoming (POP3) e-mail server has reported an internal error: -ERR authentication failed",
        "0x800CCC90",
        "login-refused mailbox-in-use",
        _POP3_TABLE,
    ),
    _outlook(
        "Anmeldung fehlgeschlagen.",
        "Logon attempt failed.",
        "0x800CCC18 0x800CCC16",
        "login-refused",
        _TABLE,
    ),
    _outlook(
        "Der Server oder das Postfach ist beschäftigt.",
        "Server or maildrop is busy.",
        "0x800CCC0B",
        "mailbox-in-use gmx-busy",
        _TABLE,
    ),
    _outlook(
        "Die Nachricht wurde nicht vollständig heruntergeladen.",
        "Message download incomplete.",
        "0x800CCC0A",
        "connection-interrupted local-scanner",
        _TABLE,
    ),
    _outlook(
        "Der Server hat eine Antwort gesendet, die nicht verstanden wurde.",
        "Unable to interpret response.",
        "0x800CCC93",
        "answer-not-understood local-scanner",
        _POP3_TABLE,
    ),
    _outlook(
        "Es kann nicht auf das Netzwerk zugegriffen werden. Prüfen Sie Ihre Netzwerkverbindung.",
        "Cannot connect to the network. Verify your network connection or modem.",
        "0x800CCC13 0x800CCC15 0x800CCC40",
        "not-online port-blocked",
        _TABLE,
    ),
    _outlook(
        "Der Absender wurde vom Server abgelehnt. Serverfehler: 530 Authentication required",
        "The sender was rejected by the server. Server error: 530",
        "0x800CCC78",
        "sending-login-off sender-not-allowed",
        _AUTH_530,
    ),
    _outlook(
        "Die Nachricht konnte nicht gesendet werden, da einer der Empfänger vom Server abgelehnt wurde.",
        "The message could not be sent because one of the recipients was rejected by the server.",
        "0x800CCC79",
        "sending-login-off recipient-refused sender-not-allowed",
    ),
    _outlook(
        "Die Authentifizierungsmethoden des Clients werden von Ihrem Server nicht unterstützt.",
        "None of the authentication methods supported by this client are supported by your server.",
        "0x800CCC80",
        "sending-login-off encryption-mismatch",
        _AUTH_80,
    ),
    _outlook(
        "Der Postausgangsserver (SMTP) unterstützt keine sicheren Verbindungen (SSL).",
        "Your outgoing (SMTP) e-mail server does not support SSL-secured connections.",
        "0x800CCC7D",
        "encryption-mismatch local-scanner",
        "https://keurigonline.nl/email-instellen",
    ),
    _outlook(
        "Das Postfach wurde nicht gefunden. Serverfehler: 550",
        "Mailbox not found. Server error: 550",
        "0x800CCC69",
        "sender-not-allowed recipient-refused sending-paused",
    ),
    _outlook(
        "Falsche Reihenfolge der Befehle. Serverfehler: 503",
        "Bad sequence of commands. Server error: 503",
        "0x800CCC65",
        "encryption-mismatch sending-login-off",
    ),
    _outlook(
        "Der Postausgangsserver hat die Verbindung abgelehnt. Serverfehler: 421",
        "The outgoing server refused the connection. Server error: 421",
        "0x800CCC67",
        "address-blocked too-many-mails gmx-busy",
        "https://blog.silverpc.hu/2025/08/31/mysterioses-problem-wenn-outlook-selbstandig-den-ausgangsserver-andert-ur"
        "sachen-und-korrekturen",
    ),
    _outlook(
        "Der Server hat die Nachricht nicht angenommen. Serverfehler: 554",
        "The server did not accept the message. Server error: 554",
        "0x800CCC6F",
        "message-refused sending-paused",
    ),
    _outlook(
        "Es kann keine Verbindung mit dem Posteingangsserver (POP) hergestellt werden.",
        "Outlook cannot connect to your incoming (POP3) e-mail server.",
        "0x80042108",
        "port-blocked local-scanner encryption-mismatch",
        _SEND,
    ),
    _outlook(
        "Es kann keine Verbindung mit dem Postausgangsserver (SMTP) hergestellt werden.",
        "Outlook cannot connect to your outgoing (SMTP) e-mail server.",
        "0x80042109",
        "port-blocked encryption-mismatch",
    ),
    _outlook(
        "Zeitüberschreitung beim Warten auf eine Antwort vom Postausgangsserver (SMTP).",
        "The operation timed out waiting for a response from the sending (SMTP) server.",
        "0x8004210B",
        "connection-interrupted encryption-mismatch local-scanner",
    ),
    _outlook(
        "Unbekannter Fehler beim Senden und Empfangen.",
        "Sending and Receiving reported error: Unknown Error.",
        "0x80040600 0x80040119",
        "program-damaged",
    ),
    _outlook(
        "Auf die Outlook-Datendatei kann nicht zugegriffen werden.",
        "Outlook data file cannot be accessed.",
        "0x8004010F",
        "program-damaged",
    ),
    _outlook(
        "Der eingegebene Servername wurde im Netzwerk nicht gefunden. Möglicherweise ist der Server vorübergehend "
        "außer Betrieb. Stellen Sie sicher, dass Sie online sind und der Servername richtig ist.",
        "The server name you entered can't be found on the network (it might be down temporarily). Please verify that "
        "you are online and that the server name is correct.",
        "0x800408FC",
        "name-not-found not-online",
    ),
    _outlook(
        "Der Server, mit dem Sie verbunden sind, verwendet ein Sicherheitszertifikat, das nicht überprüft werden kann. "
        "Der Zielprinzipalname ist falsch. Möchten Sie diesen Server weiterhin verwenden?",
        "The server you are connected to is using a security certificate that cannot be verified. The target principal "
        "name is incorrect. Do you want to continue using this server?",
        "",
        "exception-asked certificate-wrong-host local-scanner",
    ),
    _outlook(
        "Das Sicherheitszertifikat ist abgelaufen oder noch nicht gültig.",
        "The security certificate has expired or is not yet valid.",
        "0x800CCC02",
        "clock-wrong exception-asked",
        _TABLE,
    ),
    _outlook(
        "Geben Sie Ihren Benutzernamen und das Kennwort für den folgenden Server ein. (Das Fenster kommt immer "
        "wieder.)",
        "Enter your user name and password for the following server. (The window keeps coming back.)",
        "",
        "login-refused old-password-saved app-password-needed",
    ),
    _outlook(
        "Etwas ist schiefgelaufen, und Outlook konnte Ihr Konto nicht einrichten.",
        "Something went wrong and Outlook couldn't set up your account.",
        "",
        "login-refused imap-chosen pop-not-offered",
    ),
    _outlook(
        "Dieses E-Mail-Konto wurde bereits hinzugefügt.",
        "This email account has already been added.",
        "",
        "account-exists",
    ),
    _outlook(
        "Getrennt. Offline arbeiten.",
        "Disconnected. Working offline.",
        "",
        "not-online",
    ),
)
