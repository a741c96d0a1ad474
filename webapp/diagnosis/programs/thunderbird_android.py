"""Thunderbird for Android and K-9 Mail, which share their code and their messages."""

from __future__ import annotations

from webapp.diagnosis.programs.message import Confidence, ProgramMessage

_VALIDATION = (
    "https://github.com/thunderbird/thunderbird-android/blob/main/feature/account/server/validation/src/main/res/"
    "values-de/strings.xml"
)
_ISSUES = "https://github.com/thunderbird/thunderbird-android/issues"


def _android(
    de: str, en: str, diagnoses: str, source: str = "", confidence: Confidence = Confidence.SOURCE
) -> ProgramMessage:
    return ProgramMessage(
        program="thunderbird-android",
        texts={"de": de, "en": en},
        diagnoses=tuple(diagnoses.split()),
        source=source,
        confidence=confidence if source else Confidence.GENERAL,
    )


MESSAGES: tuple[ProgramMessage, ...] = (
    _android(
        "Prüfung der Einstellungen des Posteingangsservers fehlgeschlagen. Authentifizierungsfehler",
        "Checking incoming server settings failed. Authentication error",
        "login-refused app-password-needed",
        _VALIDATION,
    ),
    _android(
        "Prüfung der Einstellungen des Postausgangsservers fehlgeschlagen. Authentifizierungsfehler",
        "Checking outgoing server settings failed. Authentication error",
        "login-refused-for-sending login-refused",
        _VALIDATION,
    ),
    _android(
        "Netzwerkfehler. Details: …",
        "Network error. Details: …",
        "port-blocked name-not-found not-online",
        _VALIDATION,
    ),
    _android(
        "Serverfehler. Details: …",
        "Server error. Details: …",
        "gmx-busy login-refused answer-not-understood",
        _VALIDATION,
    ),
    _android(
        "Fehlende Serverfähigkeit. Der Server unterstützt diese Fähigkeit nicht: STARTTLS",
        "Missing server capability. The server is missing this capability: STARTTLS",
        "encryption-mismatch server-lacks-something",
        _VALIDATION,
    ),
    _android(
        "Zertifikatfehler. Das Zertifikat des Servers ist nicht vertrauenswürdig.",
        "Certificate error. The server presented an invalid certificate.",
        "exception-asked certificate-wrong-host local-scanner",
        f"{_ISSUES}/6444",
        Confidence.THIRD_PARTY,
    ),
    _android(
        "Einrichtung konnte nicht abgeschlossen werden. Verbindung zum Server nicht möglich. (Unable to execute POP3 "
        "command)",
        "Setup could not finish. Cannot connect to server. (Unable to execute POP3 command)",
        "login-refused mailbox-in-use encryption-mismatch",
        f"{_ISSUES}/5879",
        Confidence.THIRD_PARTY,
    ),
    _android(
        "Benutzername oder Passwort falsch. (POP3 login authentication failed: -ERR authentication failed)",
        "Username or password incorrect. (POP3 login authentication failed: -ERR authentication failed)",
        "login-refused old-password-saved",
        f"{_ISSUES}/3628",
        Confidence.THIRD_PARTY,
    ),
    _android(
        "Authentifizierung fehlgeschlagen. Aktualisieren Sie Ihre Servereinstellungen.",
        "Authentication failed. Update your server settings.",
        "login-refused old-password-saved",
        f"{_ISSUES}/7657",
        Confidence.THIRD_PARTY,
    ),
)
