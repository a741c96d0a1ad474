"""The messages of mail programs: mapped to causes there are, sourced, and found however people type them."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest

from webapp.core.clients import CLIENTS
from webapp.core.diagnosis import CATALOGUE, messages
from webapp.core.diagnosis.messages import (
    MESSAGES,
    PROGRAMS,
    Confidence,
    ProgramMessage,
    causes,
    looking,
    messages_meaning,
)
from webapp.core.diagnosis.messages import search as search_all
from webapp.core.diagnosis.messages.searching import RESULTS_MAX
from webapp.core.diagnosis.messages.vocabulary import codes, fold, meaning, words
from webapp.core.probe.report import Vantage

COMMAND_LINE = {"fetchmail", "getmail", "mpop", "msmtp", "curl"}  # they speak English
OUTLOOK_REFUSED = "0x800CCC92"


def search(query: str, program: str | None = None) -> tuple[ProgramMessage, ...]:
    return tuple(found.message for found in search_all(query, program))


def first(query: str, program: str | None = None) -> ProgramMessage:
    return search(query, program)[0]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: f"{message.program}-{message.text('en')[:40]}")
def test_a_message_means_causes_there_are(message: ProgramMessage) -> None:
    assert message.diagnoses
    assert len(set(message.diagnoses)) == len(message.diagnoses)
    assert set(message.diagnoses) <= set(CATALOGUE)
    assert message.program in PROGRAMS


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: f"{message.program}-{message.text('en')[:40]}")
def test_a_message_says_where_it_is_from_and_how_sure_that_is(message: ProgramMessage) -> None:
    assert bool(message.source) == (message.confidence is not Confidence.GENERAL)
    assert not message.source or re.match(r"https?://\S+$", message.source)


def test_messages_of_programs_come_in_german_and_english() -> None:
    for message in MESSAGES:
        if message.program not in ("", *COMMAND_LINE):
            assert set(message.texts) == {"de", "en"}, message


def test_a_text_without_a_translation_is_shown_in_the_language_there_is() -> None:
    assert ProgramMessage("", {"en": "550 no"}, ("unknown-cause",)).text("de") == "550 no"


def test_the_catalogue_is_worth_searching() -> None:
    assert len(MESSAGES) >= 180
    for program in set(PROGRAMS) - COMMAND_LINE:
        assert sum(message.program == program for message in MESSAGES) >= 9


def test_the_programs_are_those_the_wizard_makes_files_for() -> None:
    """FairEmail takes the file of Thunderbird for Android."""
    with_a_file = {name for name, client in CLIENTS.items() if client.formats}
    assert set(PROGRAMS) - {"", "curl"} == with_a_file - {"other"} | {"fairemail"}


def test_no_code_and_no_wording_of_a_program_stands_twice() -> None:
    seen = [(message.program, code) for message in MESSAGES for code in message.codes if code.startswith("0x")]
    assert len(set(seen)) == len(seen)
    texts = [(message.program, locale, text) for message in MESSAGES for locale, text in message.texts.items()
             if not message.codes]  # fmt: skip
    assert len(set(texts)) == len(texts)


def test_no_message_means_what_only_our_own_check_can_find() -> None:
    for name in {diagnosis for message in MESSAGES for diagnosis in message.diagnoses}:
        entry = CATALOGUE[name]
        assert Vantage.THIS_COMPUTER in entry.vantages
        assert not re.search(r"\b(?:We stopped|We dialled|Our server)\b", " ".join(map(str, (entry.title, entry.why))))


def test_every_cause_a_program_alone_can_show_is_reached_from_a_message() -> None:
    meant = {diagnosis for message in MESSAGES for diagnosis in message.diagnoses}
    shown_by_no_test = {name for name, entry in CATALOGUE.items() if not entry.signs and entry.remark is None}
    assert shown_by_no_test <= meant


@pytest.mark.parametrize(
    "typed",
    [
        "0x800CCC92", "0X800ccc92", "800CCC92", "0x 800C CC92", "0x800-CCC92", "0×800CCC92", "Ox8OOCCC92", "CCC92",
        "Fehler (0x800CCC92) beim Ausführen der Aufgabe", "  0x800CCC92  ", "„0x800CCC92“",
    ],
)  # fmt: skip
def test_finds_a_code_however_it_is_typed(typed: str) -> None:
    assert OUTLOOK_REFUSED in first(typed).codes


def test_a_code_brings_nothing_but_its_own_message() -> None:
    assert all(OUTLOOK_REFUSED in message.codes for message in search(f"Verbindung Server {OUTLOOK_REFUSED}"))


def test_an_unknown_code_leaves_the_words_to_be_searched() -> None:
    assert "port-blocked" in first("0x80070005 Zeitüberschreitung der Verbindung mit dem Server").diagnoses


def test_a_reply_code_of_the_server_is_found() -> None:
    assert first("535").diagnoses[0] == "login-refused-for-sending"
    assert first("550").diagnoses[0] == "recipient-refused"
    assert {"sender-not-allowed", "sending-paused", "sending-login-off"} <= {m.diagnoses[0] for m in search("550")}


@pytest.mark.parametrize(
    "message", [m for m in MESSAGES if m.program], ids=lambda m: f"{m.program}-{m.text('en')[:40]}"
)
@pytest.mark.parametrize("locale", ["de", "en"])
def test_a_message_typed_off_the_screen_finds_itself(message: ProgramMessage, locale: str) -> None:
    """As it stands, in capitals and without quotes; the names in it are the person's own."""
    shown = message.text(locale).replace("…", "pop.gmx.net").upper().replace("„", "").replace("“", "")
    assert message in search(shown, message.program)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("anmeldung auf dem server pop.gmx.net mit benutzernamen anna@gmx.de fehlgeschlagen", "login-refused"),
        ("Login to server pop.gmx.net with username anna@gmx.de failed", "login-refused"),
        ("Sending of password did not succeed", "login-refused"),
        ("Passwort falsch", "login-refused"),
        ("authentifizierungsfehler", "login-refused"),
        ("Cannot verify server identiy", "exception-asked"),
        ("serveridentitaet", "exception-asked"),
        ("SERVERIDENTITÄT", "exception-asked"),
        ("Zertifikat", "exception-asked"),
        ("security exception", "exception-asked"),
        ("zeitueberschreitung", "port-blocked"),
        ("Zeituberschreitung", "port-blocked"),
        ("E-Mails verschwinden", "mails-vanish"),
        ("Mails weg", "mails-vanish"),
        ("doppelt", "mails-twice"),
        ("Sender address is not allowed", "sender-not-allowed"),
        ("profil geladen", "profile-expired"),
        ("Account existiert bereits", "account-exists"),
        ("Login vorübergehend nicht möglich", "login-paused"),
        ("konto gesperrt", "security-check"),
        ("nemesis", "mail-exchanger-as-server"),
        ("kann keine mails verschicken", "login-refused-for-sending"),
        ("I can't send email", "login-refused-for-sending"),
        ("es kommen keine mails mehr", "login-refused"),
        ("Kennwort falsch", "login-refused"),
        ("mein iphone sagt passwort inkorrekt", "login-refused"),
        ("Passwort vergessen", "login-refused"),
        ("outlook fragt immer nach dem kennwort", "login-refused"),
        ("pop.gmx.net konnte nicht gefunden werden", "name-not-found"),
        ("Der POP-Server „pop.gmx.net“ reagiert nicht", "port-blocked"),
        ("E-Mail kann nicht geladen werden", "port-blocked"),
        ("Die Server-Identität kann nicht überprüft werden", "exception-asked"),
        ("zertifikat unsicher", "exception-asked"),
        ("0x800408FC", "name-not-found"),
        ("0x80040600", "program-damaged"),
        ("0x800CCC7D", "encryption-mismatch"),
        ("Relay access denied", "sending-login-off"),
        ("Der Server antwortet nicht", "port-blocked"),
        ("Kennwort abgelehnt", "login-refused"),
        ("We couldn't reach the email server. Please try again.", "port-blocked"),
        ("Das Zertifikat für pop.gmx.net ist für diesen Server nicht gültig.", "certificate-wrong-host"),
    ],
)
def test_finds_what_people_type(typed: str, told: str) -> None:
    assert told in [message.diagnoses[0] for message in search(typed)[:3]]


GMX_SAYS = {
    "POP3: one text for many causes": ("-ERR authentication failed", "login-refused"),
    "IMAP: the same": ("NO authentication failed", "login-refused"),
    "SMTP: refused login": ("535 Authentication credentials invalid", "login-refused-for-sending"),
    "sender not of this account": (
        "550-Requested action not taken: mailbox unavailable 550 Sender address is not allowed",
        "sender-not-allowed",
    ),
    "sending held back": (
        "550-Requested action not taken: mailbox unavailable 550 Failure sending mail. Try again later",
        "sending-paused",
    ),
    "unknown recipient": ("550 Requested action not taken: mailbox unavailable", "recipient-refused"),
    "malformed message": ("554-Transaction failed 554-Reject due to policy restrictions.", "message-refused"),
    "malformed message, its link": (
        "554 For explanation visit http://postmaster.gmx.net/en/case?c=r0701",
        "message-refused",
    ),
    "mail exchanger as server": (
        "554-gmx.net (mxgmx101) Nemesis ESMTP Service not available 554-No SMTP service 554-Bad DNS PTR resource record.",
        "mail-exchanger-as-server",
    ),
    "block list": (
        "554-gmx.net (mxgmx101) Nemesis ESMTP Service not available 554-No SMTP service 554-IP address is block listed.",
        "address-blocked",
    ),
    "block list, its code": ("c=r0301", "address-blocked"),
    "temporary refusal": ("421 gmx.net Nemesis ESMTP Service not available", "gmx-busy"),
    "temporary refusal, its second line": ("Administrative reject", "gmx-busy"),
    "too many mails": ("421 Rate limit reached", "too-many-mails"),
    "too many mails, policy": ("450 Reject due to policy violations", "too-many-mails"),
    "temporary error": ("451 Requested action aborted: local error in processing", "sending-refused-for-now"),
    "no second EHLO": ("503 Bad sequence of commands", "encryption-mismatch"),
    "TLS on the wrong port": ("wrong version number", "encryption-mismatch"),
    "TLS on the wrong port, other words": ("unexpected message", "encryption-mismatch"),
    "certificate of another host": ("certificate verify failed: Hostname mismatch", "certificate-wrong-host"),
    "old TLS": ("unsupported protocol", "tls-too-old"),
    "old TLS, other words": ("version too low", "tls-too-old"),
    "old TLS, the alert": ("alert 70", "tls-too-old"),
    "port 25": ("timeout port 25", "port-blocked"),
    "no such host": ("NXDOMAIN", "name-not-found"),
    "guessed host": ("pop.gmx.de", "certificate-wrong-host"),
    "line blocked in the browser": ("Login vorübergehend nicht möglich", "login-paused"),
    "security check": ("Sicherheitsüberprüfung", "security-check"),
    "identity check": ("Identitätsprüfung", "security-check"),
    "forced new password": ("neues Passwort festlegen", "security-check"),
    "full mailbox": ("Postfach voll", "mailbox-full"),
}


@pytest.mark.parametrize(("typed", "told"), GMX_SAYS.values(), ids=GMX_SAYS)
def test_finds_every_answer_that_gmx_is_known_to_give(typed: str, told: str) -> None:
    assert first(typed).diagnoses[0] == told


@pytest.mark.parametrize("name", ["pop.gmx.net", "mail.gmx.net", "anna.beispiel@gmx.de"])
def test_names_of_servers_and_addresses_in_a_message_do_not_matter(name: str) -> None:
    assert search(f"Anmeldung auf {name} fehlgeschlagen") == search("Anmeldung auf … fehlgeschlagen")


def test_a_named_program_comes_first() -> None:
    assert first("outlook Es kann nicht auf das Netzwerk zugegriffen werden").program == "outlook"
    assert first("iphone Accountname oder Passwort konnte nicht überprüft werden").program == "apple-mail"


def test_words_of_every_sentence_alone_are_searched_all_the_same() -> None:
    assert search("nicht") == search("nicht nicht")


@pytest.mark.parametrize("typed", ["", "   ", "…", "“”", "xyzzy", "hallo wie geht es Ihnen", "\x00\ud800", "%s {} <b>"])
def test_finds_nothing_where_nothing_fits(typed: str) -> None:
    assert search(typed) == ()


def test_a_very_long_query_is_cut_and_does_no_harm() -> None:
    assert len(search("Anmeldung fehlgeschlagen " * 10_000)) <= RESULTS_MAX


def test_a_chosen_program_comes_with_the_messages_of_any_program() -> None:
    assert {message.program for message in search("Anmeldung auf dem Server fehlgeschlagen", "thunderbird")} >= {
        "thunderbird",
        "",
    }


@pytest.mark.parametrize("program", [None, *PROGRAMS])
def test_the_example_beside_the_search_field_finds_the_refused_login_for_every_program(program: str | None) -> None:
    """msmtp only sends."""
    told = "login-refused-for-sending" if program == "msmtp" else "login-refused"
    assert first("Anmeldung fehlgeschlagen", program).diagnoses[0] == told
    assert first("login failed", program).diagnoses[0] == told


def test_a_far_better_message_of_another_program_is_not_kept_back() -> None:
    assert first("Die Verbindung zum Server wurde unterbrochen", "apple-mail").program == "outlook"


def test_where_the_chosen_program_has_nothing_the_others_are_shown() -> None:
    assert OUTLOOK_REFUSED in first(OUTLOOK_REFUSED, "apple-mail").codes


def test_the_messages_of_a_cause_begin_with_those_it_is_most_likely_for() -> None:
    found = messages_meaning("port-blocked")
    assert found
    for earlier, later in pairwise(found):
        assert earlier.diagnoses.index("port-blocked") <= later.diagnoses.index("port-blocked")


def test_what_libraries_say_is_found_and_listed_nowhere() -> None:
    assert first("Net::OpenTimeout").library
    assert not any(message.library for message in messages_meaning("port-blocked"))


@pytest.mark.parametrize(("one", "other"), [("Überprüfen", "ueberprufen"), ("Größe", "GROSSE"), ("naïve", "naive")])
def test_umlauts_and_accents_do_not_matter(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_a_number_that_is_no_code_is_none() -> None:
    assert codes("Tel. 0800 123456, Port 995, 18.00.00.00.1") == set()


def test_nothing_of_what_was_typed_is_kept() -> None:
    search_all("Passwort geheim4711xyz abgelehnt")
    assert "geheim4711xyz" not in repr(vars(messages._index()))


def test_every_answer_to_the_three_questions_leads_to_causes() -> None:
    for answers in product(*(choices for _, choices in looking.QUESTIONS.values())):
        found = looking.causes(dict(zip(looking.QUESTIONS, answers, strict=True)))
        assert len(found) == 3
        assert set(found) <= set(CATALOGUE)
    assert looking.causes({"direction": "receiving"}) == ()


@pytest.mark.parametrize(("one", "other"), [("Nachrichten", "mails"), ("gefragt", "fragt"), ("Kennwort", "password")])
def test_words_that_mean_the_same_are_one(one: str, other: str) -> None:
    assert meaning(fold(one)) == meaning(fold(other))


def test_names_paths_and_times_say_nothing() -> None:
    assert words("2026-11-28 10:00:01 /usr/lib/python3/smtplib.py:735 anna@gmx.de 192.0.2.7 pop.gmx.net") == {}
    assert words("pop.gmx.de") == {"popgmxd": "popgmxde"}


def published(program: str) -> list[Any]:
    """Return the entries under the program's own names, which stand in its published files."""
    read = tomllib.loads((Path(messages.__file__).parent / f"{program}.toml").read_text("utf-8"))["message"]
    return [pytest.param(program, entry, id=entry["keys"]) for entry in read if "keys" in entry]


@pytest.mark.parametrize(("program", "entry"), [*published("thunderbird-android"), *published("fairemail")])
def test_every_text_of_a_program_for_android_finds_its_cause(program: str, entry: dict[str, str]) -> None:
    for language in ("de", "en"):
        for name in ("…", "pop.gmx.net"):
            found = next(iter(causes(search_all(entry[language].replace("…", name), program))), None)
            assert found in entry["causes"].split()
