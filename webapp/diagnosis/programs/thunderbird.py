"""Thunderbird on the computer; its wording stands in its own language files."""

from __future__ import annotations

from webapp.diagnosis.programs.message import Confidence, ProgramMessage

_L10N = "https://github.com/thunderbird/thunderbird-l10n/blob/main/de/mail"
_LOCAL = f"{_L10N}/chrome/messenger/localMsgs.properties"
_MESSENGER = f"{_L10N}/chrome/messenger/messenger.properties"
_COMPOSE = f"{_L10N}/chrome/messenger/messengercompose/composeMsgs.properties"
_CREATION = f"{_L10N}/chrome/messenger/accountCreationUtil.properties"
_HUB = f"{_L10N}/messenger/accountcreation/accountHub.ftl"


def _thunderbird(de: str, en: str, diagnoses: str, source: str = "") -> ProgramMessage:
    return ProgramMessage(
        program="thunderbird",
        texts={"de": de, "en": en},
        diagnoses=tuple(diagnoses.split()),
        source=source,
        confidence=Confidence.SOURCE if source else Confidence.GENERAL,
    )


MESSAGES: tuple[ProgramMessage, ...] = (
    _thunderbird(
        "Anmeldung auf dem Server … mit Benutzernamen „…“ fehlgeschlagen",
        "Login to server … with username … failed.",
        "login-refused old-password-saved app-password-needed",
        _MESSENGER,
    ),
    _thunderbird(
        "Anmeldung für „…“ fehlgeschlagen. Nochmals versuchen, Neues Passwort eingeben",
        "Login to account “…” failed. Retry, Enter New Password",
        "login-refused old-password-saved",
        _MESSENGER,
    ),
    _thunderbird(
        "Fehler beim Senden des Passworts für den Benutzer …. Der Mail-Server … antwortete: authentication failed",
        "Sending of password for user … did not succeed. Mail server … responded: authentication failed",
        "login-refused old-password-saved",
        _LOCAL,
    ),
    _thunderbird(
        "Fehler beim Senden des Benutzernamens.",
        "Sending of username did not succeed.",
        "login-refused",
        _LOCAL,
    ),
    _thunderbird(
        "Anmeldung fehlgeschlagen - Sind Benutzername, E-Mail-Adresse und Passwort korrekt?",
        "Unable to log in at server. Probably wrong configuration, username or password.",
        "login-refused",
        _CREATION,
    ),
    _thunderbird(
        "Geben Sie Ihr Passwort für „…“ auf … erneut ein:",
        "Please enter a new password for user … on …:",
        "login-refused old-password-saved",
        _LOCAL,
    ),
    _thunderbird(
        "Verbindung mit Server … fehlgeschlagen.",
        "Failed to connect to server ….",
        "name-not-found port-blocked not-online",
        _MESSENGER,
    ),
    _thunderbird(
        "Verbindung mit Server … fehlgeschlagen; die Verbindung wurde verweigert.",
        "Could not connect to server …; the connection was refused.",
        "port-blocked encryption-mismatch",
        _MESSENGER,
    ),
    _thunderbird(
        "Zeitüberschreitung der Verbindung mit dem Server ….",
        "Connection to server … timed out.",
        "port-blocked encryption-mismatch connection-interrupted",
        _MESSENGER,
    ),
    _thunderbird(
        "Verbindung mit Server … wurde zurückgesetzt.",
        "Connection to server … was reset.",
        "connection-interrupted local-scanner",
        _MESSENGER,
    ),
    _thunderbird(
        "Verbindung mit Server … wurde unterbrochen.",
        "Connection to server … was interrupted.",
        "connection-interrupted",
        _MESSENGER,
    ),
    _thunderbird(
        "Die TLS-Verbindung zum POP3-Server kann nicht hergestellt werden. Der Server ist eventuell nicht erreichbar "
        "oder falsch konfiguriert.",
        "Unable to establish TLS connection to POP3 server. The server may be down or may be incorrectly configured.",
        "encryption-missing encryption-mismatch local-scanner",
        _LOCAL,
    ),
    _thunderbird(
        "Temporärer Fehler von … beim Abrufen neuer Nachrichten. Der Vorgang wird beim nächsten Abruf neuer "
        "Nachrichten erneut versucht.",
        "Temporary error from … while retrieving new messages. The operation will be retried at next check for new "
        "messages.",
        "gmx-busy fetched-too-often mailbox-in-use",
        _LOCAL,
    ),
    _thunderbird(
        "Der POP3-Server scheint die verschlüsselte Übertragung des Passworts nicht zu unterstützen.",
        "This POP3 server does not seem to support encrypted passwords.",
        "server-lacks-something",
        _LOCAL,
    ),
    _thunderbird(
        "Der Server unterstützt die gewählte Authentifizierungsmethode nicht.",
        "The server does not support the selected authentication method.",
        "server-lacks-something encryption-mismatch",
        _LOCAL,
    ),
    _thunderbird(
        "Der POP3-Server (…) unterstützt die Befehle UIDL oder XTND XLST nicht.",
        "The POP3 mail server (…) does not support UIDL or XTND XLST.",
        "no-message-numbers",
        _LOCAL,
    ),
    _thunderbird(
        "Das Konto … wird bearbeitet. Bitte warten Sie, bis der Vorgang abgeschlossen ist, um Nachrichten abzurufen.",
        "The account … is being processed. Please wait until processing is complete to get messages.",
        "mailbox-very-large connection-interrupted",
        _LOCAL,
    ),
    _thunderbird(
        "Nachrichten konnten nicht in die Mailbox-Datei geschrieben werden.",
        "Unable to write the email to the mailbox. Make sure the file system allows you write privileges, and you have "
        "enough disk space to copy the mailbox.",
        "program-damaged",
        _LOCAL,
    ),
    _thunderbird(
        "Der Postausgangs-Server (SMTP) … kann nicht authentifiziert werden. Bitte überprüfen Sie das Passwort und die "
        "gewählte „Authentifizierungsmethode“.",
        "Unable to authenticate to Outgoing server (SMTP) …. Please check the password and verify the ‘Authentication "
        "method’.",
        "login-refused-for-sending login-refused sending-login-off",
        _COMPOSE,
    ),
    _thunderbird(
        "Die Nachricht konnte nicht gesendet werden, weil der Verbindungsaufbau mit dem SMTP-Server … "
        "fehlgeschlagen ist. Der Server ist entweder nicht verfügbar oder lehnt SMTP-Verbindungen ab.",
        "The message could not be sent because connecting to Outgoing server (SMTP) … failed. The server may be "
        "unavailable or is refusing SMTP connections.",
        "port-blocked encryption-mismatch",
        _COMPOSE,
    ),
    _thunderbird(
        "Die Nachricht konnte nicht gesendet werden, weil die Verbindung mit dem SMTP-Server … ihre Ablaufzeit "
        "(Timeout) überschritten hat.",
        "The message could not be sent because the connection to Outgoing server (SMTP) … timed out.",
        "encryption-mismatch port-blocked connection-interrupted",
        _COMPOSE,
    ),
    _thunderbird(
        "Die Nachricht konnte nicht gesendet werden, weil die Verbindung mit dem SMTP-Server … mitten in der "
        "Transaktion verloren wurde.",
        "The message could not be sent because the connection to Outgoing server (SMTP) … was lost in the middle "
        "of the transaction.",
        "connection-interrupted local-scanner",
        _COMPOSE,
    ),
    _thunderbird(
        "Fehler beim Senden der Nachricht: SMTP-Server … ist unbekannt.",
        "An error occurred while sending mail: Outgoing server (SMTP) … is unknown.",
        "name-not-found",
        _COMPOSE,
    ),
    _thunderbird(
        "Fehler beim Senden der Nachricht: Eine sichere Verbindung mit dem SMTP-Server … kann nicht mit STARTTLS "
        "aufgebaut werden, da der Server diese Funktion nicht angibt.",
        "An error occurred while sending mail: Unable to establish a secure link with Outgoing server (SMTP) … using "
        "STARTTLS since it doesn't advertise that feature.",
        "encryption-mismatch encryption-missing",
        _COMPOSE,
    ),
    _thunderbird(
        "Fehler beim Senden der Nachricht. Der Mail-Server antwortete: Requested action not taken: mailbox "
        "unavailable. Sender address is not allowed. Bitte überprüfen Sie die E-Mail-Adresse des Empfängers und "
        "wiederholen Sie den Vorgang.",
        "An error occurred while sending mail. The mail server responded: Requested action not taken: mailbox "
        "unavailable. Sender address is not allowed. Please check the message recipient and try again.",
        "sender-not-allowed recipient-refused",
        _COMPOSE,
    ),
    _thunderbird(
        "Fehler beim Senden der Nachricht: Der Mail-Server sendete eine ungültige Begrüßung: … Nemesis ESMTP "
        "Service not available",
        "An error occurred while sending mail: The mail server sent an incorrect greeting: … Nemesis ESMTP Service not "
        "available",
        "mail-exchanger-as-server address-blocked",
        _COMPOSE,
    ),
    _thunderbird(
        "Die Größe der zu sendenden Nachricht übersteigt das globale Größenlimit des Servers.",
        "The size of the message you are trying to send exceeds the global size limit of the server.",
        "mailbox-full",
        _COMPOSE,
    ),
    _thunderbird(
        "Sicherheits-Ausnahmeregel hinzufügen. Diese Website versucht sich mit ungültigen Informationen zu "
        "identifizieren.",
        "Add Security Exception. This site attempts to identify itself with invalid information.",
        "exception-asked certificate-wrong-host local-scanner",
    ),
    _thunderbird(
        "Thunderbird konnte keine Einstellungen für Ihr E-Mail-Konto finden.",
        "Thunderbird failed to find the settings for your email account.",
        "not-online port-blocked",
        _HUB,
    ),
    _thunderbird(
        "Der Benutzername oder Servername wird bereits in einem anderen Konto verwendet.",
        "Incoming server already exists.",
        "account-exists",
    ),
)
