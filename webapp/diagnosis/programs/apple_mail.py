"""Apple Mail on Mac, iPhone and iPad. Apple publishes few of its messages; most wording is from others' pages."""

from __future__ import annotations

from webapp.diagnosis.programs.message import Confidence, ProgramMessage

_INCORRECT_EN = "https://eatsip365.com/how-to-fix-an-iphone-email-password-issue"
_VERIFY_MAC = "https://macpaw.com/de/how-to/unable-to-verify-account-name-password"
_IDENTITY_EN = "https://errorfixerhub.com/fix/fix-cannot-verify-server-identity-ios-mail"
_IDENTITY_DE = "https://techblog.com.de/serveridentitaet-kann-nicht-ueberprueft-werden"
_CERTIFICATE = "https://support.apple.com/kb/PH11706?locale=en_US"
_OUTGOING = "https://itwelt.at/knowhow/so-beheben-sie-mailserver-fehler-in-apple-mail-fuer-macos"
_SENDER = "https://www.glockengiesserstrasse.info/wissenswertes/iphone-mail-die-absenderadresse-war-ungultig.html"
_REJECTED = "https://clairvoyagency.com/category/resources/"
_AUTHENTICATION = "https://howtogeek.blog/so-beheben-sie-fehler-bei-der-e-mail-authentifizierung-auf-dem-iphone"
_PROFILE = "https://support.apple.com/de-at/HT209435"


def _apple(
    de: str, en: str, diagnoses: str, source: str = "", confidence: Confidence = Confidence.THIRD_PARTY
) -> ProgramMessage:
    return ProgramMessage(
        program="apple-mail",
        texts={"de": de, "en": en},
        diagnoses=tuple(diagnoses.split()),
        source=source,
        confidence=confidence if source else Confidence.GENERAL,
    )


MESSAGES: tuple[ProgramMessage, ...] = (
    _apple(
        "E-Mails können nicht empfangen werden. Der Benutzername oder das Passwort für … ist falsch.",
        "Cannot Get Mail. The user name or password for … is incorrect.",
        "login-refused old-password-saved app-password-needed",
        _INCORRECT_EN,
    ),
    _apple(
        "E-Mails können nicht empfangen werden. Die Verbindung zum Server ist fehlgeschlagen.",
        "Cannot Get Mail. The connection to the server failed.",
        "port-blocked name-not-found connection-interrupted",
    ),
    _apple(
        "E-Mails können nicht empfangen werden. Der Mailserver „…“ reagiert nicht.",
        "Cannot Get Mail. The mail server “…” is not responding.",
        "port-blocked encryption-mismatch connection-interrupted",
    ),
    _apple(
        "E-Mail kann nicht geladen werden. Der POP-Server „…“ reagiert nicht. Überprüfen Sie, ob Sie die korrekten "
        "Account-Informationen eingegeben haben.",
        "The POP server “…” is not responding. Verify that you have entered the correct account info.",
        "port-blocked encryption-mismatch name-not-found",
    ),
    _apple(
        "Accountname oder Passwort konnte nicht überprüft werden.",
        "Unable to verify account name or password.",
        "login-refused old-password-saved",
        _VERIFY_MAC,
    ),
    _apple(
        "Authentifizierung fehlgeschlagen",
        "Authentication failed",
        "login-refused app-password-needed",
        _AUTHENTICATION,
    ),
    _apple(
        "Passwort eingeben: Geben Sie das Passwort für den Account „…“ ein. (Die Frage kommt immer wieder.)",
        "Mail requires your password. Enter the password for the account “…”. (It keeps asking.)",
        "login-refused old-password-saved app-password-needed",
    ),
    _apple(
        "Überprüfen der Serveridentität nicht möglich. Die Identität von „…“ kann von Mail nicht überprüft werden.",
        "Cannot Verify Server Identity. The identity of “…” cannot be verified by Mail.",
        "exception-asked certificate-wrong-host clock-wrong",
        _IDENTITY_EN,
    ),
    _apple(
        "Serveridentität kann nicht überprüft werden",
        "Cannot verify server identity",
        "exception-asked certificate-wrong-host local-scanner",
        _IDENTITY_DE,
    ),
    _apple(
        "Zertifikat überprüfen: Mail kann die Identität von „…“ nicht überprüfen. Das Zertifikat für diesen Server ist "
        "ungültig.",
        "Verify Certificate: Mail can’t verify the identity of “…”. The certificate for this server is invalid.",
        "exception-asked certificate-wrong-host local-scanner",
        _CERTIFICATE,
        Confidence.SOURCE,
    ),
    _apple(
        "SSL-Verbindung nicht möglich. Möchten Sie versuchen, den Account ohne SSL zu konfigurieren?",
        "Cannot Connect Using SSL. Do you want to try setting up the account without SSL?",
        "encryption-mismatch local-scanner",
    ),
    _apple(
        "E-Mail kann nicht gesendet werden. Die Verbindung zum Postausgangsserver „…“ ist fehlgeschlagen.",
        "Cannot Send Mail. The connection to the outgoing server “…” failed.",
        "port-blocked encryption-mismatch",
        _OUTGOING,
    ),
    _apple(
        "E-Mail kann nicht gesendet werden. Der Benutzername oder das Passwort für … ist falsch.",
        "Cannot Send Mail. The user name or password for … is incorrect.",
        "login-refused-for-sending sending-login-off",
    ),
    _apple(
        "Senden der E-Mail mit dem Server „…“ nicht möglich. Zusätzliche Postausgangsserver",
        "Cannot send message using the server “…”. Select a different outgoing mail server.",
        "login-refused-for-sending port-blocked sender-not-allowed",
    ),
    _apple(
        "Die Absenderadresse war ungültig.",
        "The sender address was invalid.",
        "sender-not-allowed sending-login-off",
        _SENDER,
    ),
    _apple(
        "Ein Empfänger wurde vom Server abgelehnt.",
        "Recipient Rejected By Server. The recipient was rejected by the server.",
        "sending-login-off recipient-refused sender-not-allowed",
        _REJECTED,
    ),
    _apple(
        "Eine Kopie wurde im Postausgang gesichert. Die E-Mail konnte nicht zugestellt werden.",
        "A copy has been placed in your Outbox.",
        "login-refused-for-sending port-blocked",
    ),
    _apple(
        "Der Account ist offline. (Blitz-Symbol oder Ausrufezeichen neben dem Account)",
        "The account is offline. (lightning bolt or exclamation mark beside the account)",
        "not-online login-refused-for-sending",
    ),
    _apple(
        "Account existiert bereits. Der Account „…“ wurde bereits zu diesem Gerät hinzugefügt.",
        "Account Already Exists. The account “…” has already been added.",
        "account-exists",
    ),
    _apple(
        "Kein Profil geladen. „Profil geladen“ wird in den Einstellungen nicht angezeigt.",
        "No Profile Downloaded. “Profile Downloaded” does not show in Settings.",
        "profile-expired profile-not-installed",
        _PROFILE,
        Confidence.SOURCE,
    ),
    _apple(
        "Installation des Profils fehlgeschlagen",
        "Profile Installation Failed",
        "profile-not-installed account-exists",
    ),
    _apple(
        "Nicht signiert. Nicht überprüft.",
        "Not Signed. Not Verified. Unsigned Profile",
        "profile-not-installed",
    ),
)
